//! EC2 as far as ECS on Fargate needs it: the default network of an account and what hangs on it.
//!
//! Nothing can be made or changed here, so nothing is stored: the VPC, its three subnets and its security
//! group follow from account and region ([`gantry_agent_api::default_network`]). Network interfaces are
//! the records that Fargate writes for its tasks.
#![forbid(unsafe_code)]

mod api;
mod error;
mod filter;
mod interfaces;
mod page;
mod views;
mod zones;

use gantry_aws_wire::{Context, PageTokens};
use gantry_store::Store;

pub use error::Error;
use gantry_agent_api::default_network::{DefaultNetwork, default_network};

/// The service; wrap it in [`gantry_aws_api::ec2::Ec2Service`].
pub struct Ec2 {
    store: Store,
    tokens: PageTokens,
    vpc_cidr: String,
}

impl Ec2 {
    /// `vpc_cidr` is the network that the hosts' bridges give task addresses from.
    ///
    /// # Errors
    /// [`Error::Cidr`] if it is not a network of 8 to 26 bits.
    pub fn new(store: Store, tokens: PageTokens, vpc_cidr: &str) -> Result<Self, Error> {
        let probe = (|| default_network(&"000000000000".parse().ok()?, &"us-east-1".parse().ok()?, vpc_cidr))();
        if probe.is_none() {
            return Err(Error::Cidr(vpc_cidr.to_owned()));
        }
        Ok(Self { store, tokens, vpc_cidr: vpc_cidr.to_owned() })
    }

    fn network(&self, context: &Context) -> Result<DefaultNetwork, Error> {
        default_network(&context.account, &context.region, &self.vpc_cidr)
            .ok_or_else(|| Error::Cidr(self.vpc_cidr.clone()))
    }
}
