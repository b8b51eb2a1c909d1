//! The one directory that holds all of an instance: state, blobs, logs, keys and sandboxes.
//!
//! It is 0700 and belongs to one running server at a time; files with secrets are 0600.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use gantry_base::{AccountId, Entropy, Region, hex_id};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// `up`, `env` and all others look here unless told otherwise.
pub fn default_path() -> PathBuf {
    if let Some(named) = std::env::var_os("GANTRY_DATA_DIR").filter(|v| !v.is_empty()) {
        return named.into();
    }
    if nix::unistd::geteuid().is_root() {
        return "/var/lib/gantry".into();
    }
    let home = std::env::var_os("HOME").map_or_else(|| PathBuf::from("."), PathBuf::from);
    std::env::var_os("XDG_DATA_HOME").map_or_else(|| home.join(".local/share"), PathBuf::from).join("gantry")
}

/// What an instance was made with; fixed at its first start.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Instance {
    /// Eight hex digits: names the bridge, the cgroup and the nftables table of this instance.
    pub instance_id: String,
    pub account_id: AccountId,
    pub region: Region,
    pub host_id: String,
    pub vpc_cidr: Option<String>,
    /// Where the state is kept, if not in this directory: etcd's URLs, separated by commas.
    #[serde(default)]
    pub etcd: Option<String>,
    /// Where the blobs are kept, if not in this directory.
    #[serde(default)]
    pub blobs: Option<BlobPlace>,
}

/// A bucket of an S3-compatible store. Keys to it are not kept: they come from the environment at each start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobPlace {
    /// `s3://BUCKET[/PREFIX]`.
    pub url: String,
    pub endpoint: Option<String>,
    pub region: Option<String>,
}

/// The administrator's key, made at first start; 0600.
#[derive(Clone, Serialize, Deserialize)]
pub struct AdminKey {
    pub access_key_id: String,
    pub secret_access_key: String,
}

/// Where the running server answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Endpoint {
    pub url: String,
    pub listen: String,
    pub pid: u32,
    pub auth: bool,
}

#[derive(Clone, Debug)]
pub struct DataDir {
    root: PathBuf,
}

/// Held while a server runs; the kernel lets go of it however the server ends.
pub struct Lock(#[expect(dead_code, reason = "held for its lock")] nix::fcntl::Flock<File>);

impl DataDir {
    /// The directory as it is; nothing is made.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    /// Makes the directory where it is missing.
    pub fn create(root: &Path) -> Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(root).with_context(|| {
            format!("cannot make the data directory {}; name another with --data-dir", root.display())
        })?;
        let root = root.canonicalize()?;
        fs::set_permissions(&root, fs::Permissions::from_mode(0o700))?;
        Ok(Self { root })
    }

    pub fn path(&self) -> &Path {
        &self.root
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub fn control_socket(&self) -> PathBuf {
        self.join("control.sock")
    }

    /// Takes the directory for this process, or says who has it.
    pub fn lock(&self) -> Result<Lock> {
        use nix::fcntl::{Flock, FlockArg};
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(self.join("lock"))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(Lock(lock)),
            Err((_, nix::errno::Errno::EWOULDBLOCK)) => {
                let owner = self
                    .endpoint()
                    .ok()
                    .flatten()
                    .map_or_else(String::new, |e| format!(" (process {}, {})", e.pid, e.url));
                bail!(
                    "another `gantry up` is using {}{owner}.\n  Use that one, stop it, or start this one with another --data-dir.",
                    self.root.display()
                )
            }
            Err((_, error)) => Err(error).with_context(|| format!("cannot lock {}", self.root.display())),
        }
    }

    pub fn instance(&self) -> Result<Option<Instance>> {
        self.read("instance.json")
    }

    /// The instance's record, made now if this is its first start.
    pub fn instance_or_new(
        &self,
        account: Option<AccountId>,
        region: Option<Region>,
        etcd: Option<String>,
        entropy: &dyn Entropy,
    ) -> Result<Instance> {
        if let Some(found) = self.instance()? {
            for (what, asked, has) in [
                ("account", account.as_ref().map(AccountId::as_str), found.account_id.as_str()),
                ("region", region.as_ref().map(Region::as_str), found.region.as_str()),
                ("the etcd at", etcd.as_deref(), found.etcd.as_deref().unwrap_or("(none: its state is its own)")),
            ] {
                if asked.is_some_and(|asked| asked != has) {
                    bail!(
                        "{} was made for {what} {has}; it cannot become another.\n  Leave the flag out, or use another --data-dir.",
                        self.root.display()
                    );
                }
            }
            return Ok(found);
        }
        let fresh = Instance {
            instance_id: hex_id(entropy, 8),
            account_id: account.map_or_else(|| "000000000000".parse(), Ok)?,
            region: region.map_or_else(|| "us-east-1".parse(), Ok)?,
            host_id: format!("host-{}", hex_id(entropy, 8)),
            vpc_cidr: None,
            etcd,
            blobs: None,
        };
        self.write("instance.json", &fresh)?;
        Ok(fresh)
    }

    /// Where the blobs are to be: fixed by the first start that opens them, and never changed.
    pub fn blob_place(&self, instance: &Instance, asked: Option<BlobPlace>) -> Result<Option<BlobPlace>> {
        let (Some(asked), Some(has)) = (&asked, &instance.blobs) else {
            if let Some(asked) = &asked
                && self.join("blobs").exists()
            {
                bail!(
                    "{} keeps its blobs itself; it cannot turn to {}.\n  Leave --blobs out, or use another --data-dir.",
                    self.root.display(),
                    asked.url
                );
            }
            return Ok(asked.or_else(|| instance.blobs.clone()));
        };
        for (what, asked, has) in [
            ("blobs in", Some(&asked.url), Some(&has.url)),
            ("a blob store at", asked.endpoint.as_ref(), has.endpoint.as_ref()),
            ("a blob store in", asked.region.as_ref(), has.region.as_ref()),
        ] {
            if asked.is_some() && asked != has {
                bail!(
                    "{} was made for {what} {}; it cannot turn to another.\n  Leave the flag out, or use another --data-dir.",
                    self.root.display(),
                    has.map_or("AWS's own", String::as_str)
                );
            }
        }
        Ok(instance.blobs.clone())
    }

    pub fn save_instance(&self, instance: &Instance) -> Result<()> {
        self.write("instance.json", instance)
    }

    pub fn admin_key(&self) -> Result<Option<AdminKey>> {
        self.read("admin.json")
    }

    pub fn save_admin_key(&self, key: &AdminKey) -> Result<()> {
        self.write("admin.json", key)
    }

    pub fn endpoint(&self) -> Result<Option<Endpoint>> {
        self.read("endpoint.json")
    }

    pub fn save_endpoint(&self, endpoint: &Endpoint) -> Result<()> {
        self.write("endpoint.json", endpoint)
    }

    pub fn forget_endpoint(&self) {
        // Gone already is just as good.
        let _ = fs::remove_file(self.join("endpoint.json"));
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let path = self.join(name);
        match fs::read(&path) {
            Ok(bytes) => {
                let value = serde_json::from_slice(&bytes)
                    .with_context(|| format!("{} is damaged; move it away and start again", path.display()))?;
                Ok(Some(value))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        self.write_bytes(name, &serde_json::to_vec_pretty(value)?)
    }

    /// All of it or nothing, and never readable by others.
    pub fn write_bytes(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.join(name);
        let partial = path.with_extension("partial");
        let put = || -> std::io::Result<()> {
            let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&partial)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&partial, &path)
        };
        put().with_context(|| format!("cannot write {}; is the disk full?", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_base::SystemEntropy;

    #[test]
    fn one_server_at_a_time() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let data = DataDir::create(&dir.path().join("data")).expect("made");
        let held = data.lock().expect("free");
        let refused = data.lock().err().expect("taken").to_string();
        assert!(refused.contains("--data-dir"), "{refused}");
        drop(held);
        assert!(data.lock().is_ok());
    }

    #[test]
    fn an_instance_keeps_its_account() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let data = DataDir::create(dir.path()).expect("made");
        let first = data.instance_or_new(None, None, None, &SystemEntropy).expect("made");
        let again = data.instance_or_new(None, None, None, &SystemEntropy).expect("read");
        assert_eq!(first.instance_id, again.instance_id);
        let other = data.instance_or_new("111111111111".parse().ok(), None, None, &SystemEntropy);
        assert!(other.is_err());
        let elsewhere = data.instance_or_new(None, None, Some("http://127.0.0.1:2379".to_owned()), &SystemEntropy);
        assert!(elsewhere.is_err(), "an instance with state of its own does not turn to etcd");
        let place = |url: &str| {
            Some(BlobPlace { url: url.to_owned(), endpoint: Some("http://127.0.0.1:9".to_owned()), region: None })
        };
        let mut instance = again;
        assert_eq!(data.blob_place(&instance, None).expect("its own"), None);
        assert_eq!(data.blob_place(&instance, place("s3://one")).expect("there are no blobs yet"), place("s3://one"));
        instance.blobs = place("s3://one");
        assert_eq!(data.blob_place(&instance, None).expect("the recorded place"), place("s3://one"));
        assert!(data.blob_place(&instance, place("s3://two")).is_err());
        instance.blobs = None;
        fs::create_dir(data.join("blobs")).expect("blobs of its own");
        assert!(data.blob_place(&instance, place("s3://one")).is_err());
        let mode = fs::metadata(data.join("instance.json")).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
