//! `gantry env`: what `eval "$(gantry env)"` sets.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;

use super::Where;
use crate::client::not_running;

#[derive(Args)]
pub struct Env {
    #[command(flatten)]
    place: Where,
    /// Print a JSON object instead of export lines
    #[arg(long)]
    json: bool,
}

impl Env {
    pub fn run(self) -> Result<ExitCode> {
        let data = self.place.data();
        let endpoint = data.endpoint()?.with_context(|| not_running(data.path()))?;
        let instance = data.instance()?.with_context(|| not_running(data.path()))?;
        let (id, secret) = match data.admin_key()? {
            Some(key) => (key.access_key_id, key.secret_access_key),
            // With `--auth off` a 12-digit key id names the account, and any secret will do.
            None => (instance.account_id.to_string(), "test".to_owned()),
        };
        let values = [
            ("AWS_ENDPOINT_URL", endpoint.url),
            ("AWS_ACCESS_KEY_ID", id),
            ("AWS_SECRET_ACCESS_KEY", secret),
            ("AWS_DEFAULT_REGION", instance.region.to_string()),
            ("AWS_REGION", instance.region.to_string()),
            // Otherwise clients without a profile ask the instance metadata service first.
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            // Live tails would ask for `streaming-localhost`, which no resolver knows.
            ("AWS_DISABLE_HOST_PREFIX_INJECTION", "true".to_owned()),
        ];
        if self.json {
            let map: serde_json::Map<String, serde_json::Value> =
                values.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
            println!("{}", serde_json::to_string_pretty(&map)?);
        } else {
            for (name, value) in values {
                println!("export {name}='{}'", value.replace('\'', "'\\''"));
            }
            println!("unset AWS_SESSION_TOKEN AWS_PROFILE");
        }
        Ok(ExitCode::SUCCESS)
    }
}
