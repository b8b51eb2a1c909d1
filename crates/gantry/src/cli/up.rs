//! `gantry up`: everything on this machine, in this process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use gantry_base::{AccountId, Region};

use super::Where;
use crate::datadir::{BlobPlace, DataDir};
use crate::demo;
use crate::server::{self, Options, Server};

#[derive(Args)]
pub struct Up {
    #[command(flatten)]
    place: Where,
    /// Address of the one port; TLS and plain HTTP both answer on it
    #[arg(long, default_value = "127.0.0.1:4566", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// The account, 12 digits; fixed at first start [default: 000000000000]
    #[arg(long)]
    account_id: Option<AccountId>,
    /// The region; fixed at first start [default: us-east-1]
    #[arg(long)]
    region: Option<Region>,
    /// `off`: any signature passes, for throwaway test stacks only
    #[arg(long, value_enum, default_value_t = Auth::On)]
    auth: Auth,
    /// Name repositories <account>.dkr.ecr.<region>.<DOMAIN> instead of localhost
    #[arg(long)]
    domain: Option<String>,
    /// How Fargate tasks are isolated
    #[arg(long, value_enum, default_value_t = Grade::Auto)]
    fargate_isolation: Grade,
    /// vCPUs that Fargate may promise on this machine [default: 50 for each core]
    #[arg(long)]
    fargate_vcpus: Option<u32>,
    /// Memory that Fargate may promise on this machine [default: four times what there is]
    #[arg(long, value_name = "MIB")]
    fargate_memory: Option<u32>,
    /// The VPC's addresses, a /16 [default: 172.31.0.0/16, or another that is free here]
    #[arg(long, value_name = "CIDR")]
    vpc_cidr: Option<String>,
    /// Keep state in this etcd instead of the data directory; several separated by commas
    #[arg(long, value_name = "URL")]
    etcd: Option<String>,
    /// Keep image layers in this bucket instead of the data directory; fixed at first start
    #[arg(long, value_name = "s3://BUCKET[/PREFIX]")]
    blobs: Option<String>,
    /// The S3-compatible store that has the bucket [default: AWS's own]
    #[arg(long, value_name = "URL", env = "AWS_ENDPOINT_URL_S3")]
    blobs_endpoint: Option<String>,
    /// The bucket's region [default: AWS_REGION, or us-east-1]
    #[arg(long, value_name = "REGION")]
    blobs_region: Option<String>,
    /// Then do the main job: push an image, run it on Fargate, show its page
    #[arg(long)]
    demo: bool,
    /// Other Gantry servers and the regions that are theirs, for replication; a TOML file with mode 0600
    #[arg(long, value_name = "FILE")]
    peers: Option<PathBuf>,
    /// Prices to bill by, instead of AWS's public list prices
    #[arg(long, value_name = "FILE")]
    price_book: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Auth {
    On,
    Off,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Grade {
    Auto,
    Microvm,
    Namespace,
}

impl Up {
    pub async fn run(self) -> Result<ExitCode> {
        init_tracing();
        if self.fargate_isolation == Grade::Microvm {
            anyhow::bail!(
                "microVM isolation is not built yet; use --fargate-isolation namespace, which tells its grade truthfully"
            );
        }
        raise_open_files();
        let data = DataDir::create(&self.place.path())?;
        let options = Options {
            listen: self.listen,
            account_id: self.account_id,
            region: self.region,
            auth: self.auth == Auth::On,
            domain: self.domain,
            fargate_vcpus: self.fargate_vcpus,
            fargate_memory_mib: self.fargate_memory,
            vpc_cidr: self.vpc_cidr,
            etcd: self.etcd,
            blobs: self.blobs.map(|url| BlobPlace { url, endpoint: self.blobs_endpoint, region: self.blobs_region }),
            price_book: self.price_book,
            peers: self.peers.as_deref().map(crate::peers::read).transpose()?.unwrap_or_default(),
        };
        let server = Server::start(data.clone(), options).await?;
        println!("Gantry answers at {}", server.url());
        if self.demo {
            show(&server, &data).await?;
        } else {
            println!("  Point a client at it:  eval \"$(gantry env{})\"", flag(&data));
        }
        server.run_until_stopped().await?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The demo, and how to go on from it. If it fails the server is not kept running for nothing.
async fn show(server: &Server, data: &DataDir) -> Result<()> {
    let key = server::client_key(data)?;
    let done = match demo::run(server.authority(), server.region().clone(), &key).await {
        Ok(done) => done,
        Err(error) => {
            server.stop().await;
            return Err(error.context("the demo failed"));
        }
    };
    let me = std::env::current_exe().context("find this binary")?;
    let (me, flag) = (me.display(), flag(data));
    let task = done.task_arn.rsplit('/').next().unwrap_or_default().to_owned();
    println!(
        "\n  Your container on Fargate:  {url}\n\n  In another shell, with the stock AWS CLI:\n\n    \
         eval \"$({me} env{flag})\"\n    aws ecs describe-tasks --cluster demo --tasks {task}\n    \
         aws logs filter-log-events --log-group-name /ecs/gantry-demo\n    \
         aws ecr describe-images --repository-name gantry-demo\n    {me} bill{flag}\n\n  \
         Push your own to {registry}/<name>.  Ctrl-C stops the server, not the task; `{me} down{flag}` stops both.",
        url = done.url,
        registry = done.repository_uri.split('/').next().unwrap_or_default(),
    );
    Ok(())
}

/// ` --data-dir …`, unless the directory is the one that commands look in anyway.
fn flag(data: &DataDir) -> String {
    let default = crate::datadir::default_path();
    let same = default.canonicalize().is_ok_and(|d| d == data.path());
    if same { String::new() } else { format!(" --data-dir {}", data.path().display()) }
}

/// Fargate lets a container have 65,535 open files, and no container gets more than this process may.
fn raise_open_files() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    const WANTED: u64 = 1 << 20;
    let most = std::fs::read_to_string("/proc/sys/fs/nr_open").ok().and_then(|text| text.trim().parse().ok());
    let wanted = WANTED.min(most.unwrap_or(WANTED));
    if getrlimit(Resource::RLIMIT_NOFILE).is_ok_and(|(soft, hard)| soft < wanted || hard < wanted)
        && let Err(error) = setrlimit(Resource::RLIMIT_NOFILE, wanted, wanted)
    {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

fn init_tracing() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    // Tests start several servers in a process; the first one's choice holds.
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let _ =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).try_init();
}
