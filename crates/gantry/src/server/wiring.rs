//! The parts of an instance, opened in the order in which they need one another.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use gantry_agent::{Agent, AgentConfig, HostNetworking, HostRuntime};
use gantry_agent_api::{Isolation, keys};
use gantry_aws_api::{ec2, ecr, ecs, iam, logs, secretsmanager, sts};
use gantry_aws_wire::{Caller, CallerKind, Context, Defaults, Frontend, Limits, PageTokens, Service};
use gantry_base::{Clock as _, Entropy as _, SharedClock, SharedEntropy, SystemClock, SystemEntropy};
use gantry_billing::PriceBook;
use gantry_blobs::{Blobs, FsBlobs, S3Blobs, S3Options};
use gantry_ec2::Ec2;
use gantry_ecr::{EcrAccess, EcrApi};
use gantry_ecs::EcsApi;
use gantry_engine::{Engine, EngineConfig, RemoteSource, ShimCommand};
use gantry_fargate::Fargate;
use gantry_identity::Identity;
use gantry_logs::Logs;
use gantry_net::{NetConfig, Network};
use gantry_pullthrough::PullThrough;
use gantry_registry::{Registry, RegistryId, RegistryNames, Wire};
use gantry_replicator::Replicator;
use gantry_scanner::Scanner;
use gantry_secrets::Secrets;
use gantry_store::{Embedded, EmbeddedOptions, Etcd, EtcdOptions, KeyRange, Op, Store, Txn};
use tokio::sync::Mutex;

use super::Options;
use super::pull_through;
use super::sources::{Pulls, Sources};
use crate::cli::bill;
use crate::datadir::{AdminKey, BlobPlace, DataDir, Instance};

/// Fargate promises this many times the host's CPU and memory unless told otherwise: tasks' sizes are limits,
/// and on one machine most of them rest.
const CPU_OVERCOMMIT: u32 = 50;
const MEMORY_OVERCOMMIT: u32 = 4;
/// Namespaces and shims held ready for the next tasks.
const READY_NAMESPACES: usize = 8;
const READY_SHIMS: usize = 2;
/// A server that ends lets go of its files one after another. Whoever comes next already has the directory's
/// lock, so that nobody but the one that ends can hold these; nothing tells when they are free.
const HANDOVER: Duration = Duration::from_secs(10);
const HANDOVER_PAUSE: Duration = Duration::from_millis(10);
/// Where secrets that all servers of one store share are kept.
const PAGE_KEY: &str = "/gantry/server-keys/pages";

/// Where the advisories lie that images are scanned with.
pub const SCAN_DB: &str = "scan-db";

/// Everything that runs in one process.
pub struct Parts {
    pub instance: Instance,
    pub frontend: Frontend,
    pub registry_wire: Wire,
    store: Store,
    prices: PriceBook,
    logs: Arc<Logs>,
    identity: Identity,
    host: Option<Host>,
    _ecs: Arc<EcsApi>,
    _fargate: Fargate,
    _housekeeping: gantry_registry::Housekeeping,
    _replicator: Replicator,
    pub scanner: Scanner,
}

/// What only a host that can run containers has.
struct Host {
    network: Arc<Network>,
    agent: Mutex<Option<Agent>>,
}

impl Parts {
    pub async fn open(data: &DataDir, options: &Options, port: u16) -> Result<Self> {
        let clock: SharedClock = Arc::new(SystemClock);
        let entropy: SharedEntropy = Arc::new(SystemEntropy);
        let (account, region, etcd) = (options.account_id.clone(), options.region.clone(), options.etcd.clone());
        let mut instance = data.instance_or_new(account, region, etcd, &*entropy)?;
        let place = data.blob_place(&instance, options.blobs.clone())?;
        let store = state(data, &instance).await?;
        let blobs = blobs(data, place.as_ref()).await?;
        if instance.blobs != place {
            instance.blobs = place;
            data.save_instance(&instance)?;
        }

        let network = host_network(data, &mut instance, options).await?;
        let vpc_cidr = instance.vpc_cidr.clone().unwrap_or_else(|| gantry_net::DEFAULT_VPC.to_string());

        let identity = Identity::open(
            store.clone(),
            gantry_identity::Options { clock: clock.clone(), entropy: entropy.clone(), checked: options.auth },
        )
        .await
        .context("open identity")?;
        identity.set_home(instance.account_id.clone(), instance.region.clone());
        first_identities(data, &identity, &instance, options.auth).await?;
        let authority = Arc::new(identity.clone());

        let registry = Registry::new(
            store.clone(),
            blobs,
            clock.clone(),
            entropy.clone(),
            registry_names(&instance, options, port),
        );
        let token_key = gantry_ecr::token_key(&store, &*entropy).await?;
        let access = EcrAccess::new(registry.clone(), authority.clone(), token_key.clone(), clock.clone());
        let access = Arc::new(access);

        let pages = PageTokens::new(&page_key(&store).await?);
        let logs = Logs::open(gantry_logs::Config {
            data_dir: data.join("logs"),
            store: store.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            pages: pages.clone(),
        })
        .await
        .context("open the logs")?;
        let secrets = Secrets::start(gantry_secrets::Config {
            store: store.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            pages: pages.clone(),
            key: gantry_secrets::seal_key(&store, &*entropy).await.context("open the secrets")?,
            authority: authority.clone(),
        });
        let cache = pull_through::open(
            &registry,
            secrets.clone(),
            (identity.clone(), access.clone()),
            clock.clone(),
            entropy.clone(),
        )?;
        let ecr_api = EcrApi::new(registry.clone(), token_key, clock.clone());
        let ecr_api = Arc::new(ecr_api.with_upstream(cache.clone(), authority.clone()));
        let ecs_api = EcsApi::start(gantry_ecs::Dependencies {
            store: store.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            pages: pages.clone(),
        })
        .await
        .context("open ECS")?;
        // The operator's numbers are what the host promises; Fargate is not to multiply them once more.
        let capacity = gantry_fargate::Config {
            cpu_overcommit_percent: 100,
            memory_overcommit_percent: 100,
            ..Default::default()
        };
        let fargate = Fargate::start(store.clone(), clock.clone(), entropy.clone(), capacity);
        let ec2_api = Arc::new(Ec2::new(store.clone(), pages, &vpc_cidr)?);

        let services: Vec<Arc<dyn Service>> = vec![
            Arc::new(ec2::Ec2Service(ec2_api)),
            Arc::new(ecr::EcrService(ecr_api)),
            Arc::new(ecs::EcsService(ecs_api.clone())),
            Arc::new(iam::IamService(authority.clone())),
            Arc::new(logs::LogsService(logs.clone())),
            Arc::new(secretsmanager::SecretsManagerService(secrets)),
            Arc::new(sts::StsService(authority.clone())),
        ];
        let defaults = Defaults {
            account: instance.account_id.clone(),
            region: instance.region.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            limits: Limits::default(),
        };
        let frontend = Frontend::new(services, authority, defaults);

        let host = match network {
            None => None,
            Some(network) => {
                let outside = Outside {
                    store: store.clone(),
                    identity: identity.clone(),
                    logs: logs.clone(),
                    registry: registry.clone(),
                    access: access.clone(),
                    cache: cache.clone(),
                };
                Some(start_agent(data, &instance, options, port, network, outside).await?)
            }
        };
        let prices = match &options.price_book {
            Some(file) => PriceBook::with_file(file)?,
            None => PriceBook::built_in()?,
        };
        let housekeeping = registry.start_housekeeping();
        let replication = gantry_replicator::Config::default();
        let replicator = Replicator::start(gantry_replicator::Parts {
            store: store.clone(),
            registry: registry.clone(),
            access: access.clone(),
            peers: gantry_replicator::Peers::new(options.peers.clone(), &replication, &clock).context("--peers")?,
            clock: clock.clone(),
            entropy: entropy.clone(),
            config: replication,
        });
        let scanner = Scanner::start(registry.clone(), &data.join(SCAN_DB), clock).context("open the scanner")?;
        let registry_wire = registry.with_access(access).with_upstream(cache);
        Ok(Self {
            instance,
            frontend,
            registry_wire,
            store,
            prices,
            logs,
            identity,
            host,
            _ecs: ecs_api,
            _fargate: fargate,
            _housekeeping: housekeeping,
            _replicator: replicator,
            scanner,
        })
    }

    /// The address at which tasks reach this host.
    pub fn gateway(&self) -> Option<Ipv4Addr> {
        self.host.as_ref().and_then(|host| gateway(&host.network))
    }

    /// Leaves the sandboxes running for the next start.
    pub async fn close(&self) {
        if let Some(host) = &self.host
            && let Some(agent) = host.agent.lock().await.take()
        {
            agent.shutdown().await;
        }
    }

    /// Stops every task on this host; tells how many there were.
    pub async fn drain(&self) -> Result<usize> {
        let Some(host) = &self.host else { return Ok(0) };
        let Some(agent) = host.agent.lock().await.take() else { return Ok(0) };
        let running = agent.running();
        agent.drain().await?;
        Ok(running)
    }

    /// All that accounts made goes; what the installation is (keys, the host's record) stays.
    pub async fn reset(&self) -> Result<()> {
        let mut txn = Txn::new();
        for prefix in ["/aws/", "/usage/", Identity::RECORDS, keys::ENVIRONMENTS, "/assign/", "/fargate/"] {
            txn = txn.then(Op::Delete(KeyRange::prefix(prefix)));
        }
        self.store.txn(txn).await?;
        self.logs.clear().await?;
        self.identity.catch_up().await?;
        self.identity.bootstrap(&self.instance.account_id).await?;
        execution_role(&self.identity, &self.instance).await
    }

    pub async fn bill(&self, query: &str) -> Result<String> {
        bill::render(&self.store, &self.prices, &self.instance.account_id, query).await
    }
}

/// The services that the agent on this host calls.
struct Outside {
    store: Store,
    identity: Identity,
    logs: Arc<Logs>,
    registry: Registry,
    access: Arc<EcrAccess>,
    cache: Arc<PullThrough>,
}

/// The instance's state: the embedded store of its directory, refused while a server has it open, or etcd.
pub async fn state(data: &DataDir, instance: &Instance) -> Result<Store> {
    let Some(urls) = &instance.etcd else {
        let patience = tokio::time::Instant::now() + HANDOVER;
        loop {
            match Embedded::open(&data.join("state"), EmbeddedOptions::default()) {
                Err(gantry_store::Error::Locked { .. }) if tokio::time::Instant::now() < patience => {
                    tokio::time::sleep(HANDOVER_PAUSE).await;
                }
                opened => {
                    return opened.with_context(|| format!("cannot open the state in {}", data.path().display()));
                }
            }
        }
    };
    let endpoints: Vec<String> = urls.split(',').map(str::to_owned).collect();
    Etcd::connect(&endpoints, EtcdOptions::default()).await.with_context(|| format!("cannot use etcd at {urls}"))
}

/// The instance's blobs: files of its directory, or objects of a bucket.
async fn blobs(data: &DataDir, place: Option<&BlobPlace>) -> Result<Arc<dyn Blobs>> {
    let Some(place) = place else {
        return Ok(Arc::new(FsBlobs::open(data.join("blobs")).context("open the blobs")?));
    };
    let mut options = S3Options::parse(&place.url)?;
    (options.endpoint, options.region) = (place.endpoint.clone(), place.region.clone());
    let opened = S3Blobs::open(&options).await;
    Ok(Arc::new(opened.with_context(|| format!("cannot keep blobs in {}", place.url))?))
}

/// `None` where this process may not make networks: the APIs answer, tasks wait for a host.
async fn host_network(data: &DataDir, instance: &mut Instance, options: &Options) -> Result<Option<Arc<Network>>> {
    if !nix::unistd::geteuid().is_root() {
        tracing::warn!("not root: the APIs answer, but no task can run here; see `gantry doctor`");
        return Ok(None);
    }
    if let Some(cidr) = &options.vpc_cidr {
        instance.vpc_cidr = Some(cidr.clone());
    }
    let network = network(data, instance).await.context("cannot make the tasks' network; see `gantry doctor`")?;
    let cidr = network.vpc().to_string();
    if instance.vpc_cidr.as_ref() != Some(&cidr) || options.vpc_cidr.is_some() {
        instance.vpc_cidr = Some(cidr);
        data.save_instance(instance)?;
    }
    Ok(Some(Arc::new(network)))
}

pub async fn network(data: &DataDir, instance: &Instance) -> Result<Network> {
    let mut config = NetConfig::new(instance.instance_id.clone(), data.join("net"));
    config.vpc_cidr = instance.vpc_cidr.as_deref().map(str::parse).transpose().context("--vpc-cidr")?;
    config.pool_size = READY_NAMESPACES;
    let patience = tokio::time::Instant::now() + HANDOVER;
    loop {
        match Network::open(config.clone()).await {
            Err(gantry_net::Error::InUse(_)) if tokio::time::Instant::now() < patience => {
                tokio::time::sleep(HANDOVER_PAUSE).await;
            }
            opened => return Ok(opened?),
        }
    }
}

/// The engine of this directory, with `ready` shims started ahead of need.
pub async fn engine(data: &DataDir, instance: &Instance, ready: usize) -> Result<Engine> {
    // The path and not the file behind it: an upgraded binary starts the next shims.
    let exe = std::env::current_exe().context("find this binary")?;
    let shim = ShimCommand { exe, args: vec!["shim".to_owned()] };
    let mut config = EngineConfig::new(data.join("engine"), instance.instance_id.clone(), shim);
    config.warm_shims = ready;
    Engine::open(config).await.context("cannot open the container engine; see `gantry doctor`")
}

async fn start_agent(
    data: &DataDir,
    instance: &Instance,
    options: &Options,
    port: u16,
    network: Arc<Network>,
    outside: Outside,
) -> Result<Host> {
    let engine = engine(data, instance, READY_SHIMS).await?;
    let elsewhere = RemoteSource::with_system_roots(Vec::new()).context("read the host's certificates")?;
    let sources = Arc::new(Sources::new(outside.registry.clone(), Arc::new(elsewhere)));
    let pulls = Pulls {
        registry: outside.registry,
        sources,
        access: outside.access,
        identity: outside.identity.clone(),
        upstream: outside.cache,
    };
    let upstreams = Arc::new(gantry_net::dns::Upstreams::resolv_conf("/etc/resolv.conf"));
    let zone = format!("{}a", instance.region);
    let config = AgentConfig {
        host_id: instance.host_id.clone(),
        name: nix::sys::utsname::uname()
            .map_or_else(|_| "this host".to_owned(), |name| name.nodename().to_string_lossy().into_owned()),
        state_dir: data.join("agent"),
        store: outside.store,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        credentials: Arc::new(outside.identity),
        logs: outside.logs,
        runtime: Arc::new(HostRuntime::new(engine, Arc::new(pulls))),
        networking: Arc::new(HostNetworking::new(network.clone(), upstreams, instance.region.to_string())),
        cpu_units: options.fargate_vcpus.unwrap_or_else(|| cores() * CPU_OVERCOMMIT) * 1024,
        memory_mib: options.fargate_memory_mib.unwrap_or_else(|| memory_mib() * MEMORY_OVERCOMMIT),
        availability_zone: zone,
        architecture: if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }.to_owned(),
        isolation: vec![Isolation::Namespace],
        vpc_cidr: network.vpc().to_string(),
        user_namespaces: true,
        inject_endpoint: gateway(&network).map(|ip| format!("http://{ip}:{port}")),
        max_pulls: gantry_agent::limits::MAX_PULLS,
    };
    network.allow_host_port(port).await.context("let tasks reach the APIs")?;
    let agent = Agent::start(config).await.context("start the agent")?;
    Ok(Host { network, agent: Mutex::new(Some(agent)) })
}

/// The bridge's own address: the first of the VPC.
fn gateway(network: &Network) -> Option<Ipv4Addr> {
    network.vpc().nth(1)
}

fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1))
}

fn memory_mib() -> u32 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib =
        text.lines().find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse::<u64>().ok());
    u32::try_from(kib.unwrap_or(1 << 20) / 1024).unwrap_or(u32::MAX)
}

/// At first start: the administrator, whose key is kept where `gantry env` finds it, and the role that task
/// definitions written for AWS name, since its console makes that one too.
async fn first_identities(data: &DataDir, identity: &Identity, instance: &Instance, auth: bool) -> Result<()> {
    let made = identity.bootstrap(&instance.account_id).await.context("make the administrator")?;
    if auth && data.admin_key()?.is_none() {
        let key =
            made.clone().context("the account has users but admin.json is gone; make a key with IAM, or start anew")?;
        data.save_admin_key(&AdminKey { access_key_id: key.access_key_id, secret_access_key: key.secret_access_key })?;
    }
    if made.is_some() { execution_role(identity, instance).await } else { Ok(()) }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html>
async fn execution_role(identity: &Identity, instance: &Instance) -> Result<()> {
    const NAME: &str = "ecsTaskExecutionRole";
    let trust = serde_json::json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": "ecs-tasks.amazonaws.com" }, "Action": "sts:AssumeRole",
    }] });
    let context = operator(instance);
    let create = iam::CreateRoleRequest {
        role_name: NAME.to_owned(),
        assume_role_policy_document: trust.to_string(),
        ..Default::default()
    };
    match iam::Iam::create_role(identity, &context, create).await {
        Ok(_) => {}
        // Made at an earlier start; it is the account's now, and so is what became of it.
        Err(error) if error.code == "EntityAlreadyExists" => return Ok(()),
        Err(error) => return Err(error).context("make the task execution role"),
    }
    let attach = iam::AttachRolePolicyRequest {
        role_name: NAME.to_owned(),
        policy_arn: "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy".to_owned(),
    };
    iam::Iam::attach_role_policy(identity, &context, attach)
        .await
        .context("give the task execution role its policy")?;
    Ok(())
}

/// This process acting in the instance's own account.
fn operator(instance: &Instance) -> Context {
    Context {
        request_id: "gantry-up".to_owned(),
        caller: Arc::new(Caller {
            arn: format!("arn:aws:iam::{}:root", instance.account_id),
            account: instance.account_id.clone(),
            user_id: instance.account_id.to_string(),
            kind: CallerKind::Root,
            access_key_id: String::new(),
            session_context: Vec::new(),
            session_policies: Vec::new(),
        }),
        account: instance.account_id.clone(),
        region: instance.region.clone(),
        now: SystemClock.now(),
        source_ip: Ipv4Addr::LOCALHOST.into(),
        user_agent: "gantry".to_owned(),
        secure_transport: true,
        host: String::new(),
    }
}

fn registry_names(instance: &Instance, options: &Options, port: u16) -> RegistryNames {
    RegistryNames {
        default: RegistryId { account: instance.account_id.clone(), region: instance.region.clone() },
        hosts: ["localhost", "127.0.0.1"].map(|host| format!("{host}:{port}")).to_vec(),
        domain: options.domain.clone(),
        domain_port: (![80, 443].contains(&port)).then_some(port),
    }
}

/// The key of paging tokens: one for all servers of a store, so that any of them can go on with a listing.
async fn page_key(store: &Store) -> Result<Vec<u8>> {
    let mut fresh = [0; 32];
    SystemEntropy.fill(&mut fresh);
    if store.create_as(PAGE_KEY, &hex::encode(fresh)).await? {
        return Ok(fresh.to_vec());
    }
    let kept = store.get_as::<String>(PAGE_KEY).await?.context("the paging key vanished")?;
    Ok(hex::decode(kept.value)?)
}
