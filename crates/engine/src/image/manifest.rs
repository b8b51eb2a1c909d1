//! Manifests, indexes and configurations: OCI image-spec 1.1 and Docker's schema 2.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::reference::is_digest;

/// As registries limit it.
pub(crate) const MAX_MANIFEST_BYTES: usize = 4 << 20;
pub(crate) const MAX_CONFIG_BYTES: u64 = 8 << 20;
/// What overlayfs takes in one page of mount options with our short paths, and then some.
pub(crate) const MAX_LAYERS: usize = 127;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    #[serde(default)]
    pub(crate) media_type: String,
    pub(crate) digest: String,
    #[serde(default)]
    pub(crate) size: u64,
    #[serde(default)]
    pub(crate) platform: Option<Platform>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Platform {
    #[serde(default)]
    pub(crate) architecture: String,
    #[serde(default)]
    pub(crate) os: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: u64,
    #[serde(default)]
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Option<Vec<Descriptor>>,
    #[serde(default)]
    manifests: Option<Vec<Descriptor>>,
}

/// What a manifest's bytes turn out to be.
#[derive(Debug)]
pub(crate) enum Manifest {
    Image { config: Descriptor, layers: Vec<Descriptor> },
    Index(Vec<Descriptor>),
}

/// GOARCH of this host.
pub(crate) const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };

pub(crate) fn parse(bytes: &[u8]) -> Result<Manifest, String> {
    let doc: Document = serde_json::from_slice(bytes).map_err(|e| format!("manifest is not valid JSON: {e}"))?;
    if doc.schema_version != 2 {
        return Err(format!("manifest schema version {} is not supported", doc.schema_version));
    }
    let all_valid = |list: &[Descriptor]| match list.iter().find(|d| !is_digest(&d.digest)) {
        Some(d) => Err(format!("unsupported digest {:?}", d.digest)),
        None => Ok(()),
    };
    match doc {
        Document { manifests: Some(manifests), config: None, layers: None, .. } => {
            all_valid(&manifests)?;
            Ok(Manifest::Index(manifests))
        }
        Document { config: Some(config), layers: Some(layers), manifests: None, .. } => {
            all_valid(&layers)?;
            all_valid(std::slice::from_ref(&config))?;
            if layers.len() > MAX_LAYERS {
                return Err(format!("{} layers, the limit is {MAX_LAYERS}", layers.len()));
            }
            Ok(Manifest::Image { config, layers })
        }
        _ => Err("manifest is neither an image nor an index".to_owned()),
    }
}

/// The index entry for this host's platform.
pub(crate) fn choose(manifests: &[Descriptor]) -> Option<&Descriptor> {
    manifests
        .iter()
        .find(|d| d.platform.as_ref().is_some_and(|p| p.os == "linux" && p.architecture == ARCHITECTURE))
        .or_else(|| manifests.iter().find(|d| d.platform.is_none() && manifests.len() == 1))
}

/// How a layer is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Tar,
    Gzip,
    Zstd,
}

pub(crate) fn packing(media_type: &str) -> Option<Packing> {
    match media_type {
        "application/vnd.oci.image.layer.v1.tar" | "application/vnd.oci.image.layer.nondistributable.v1.tar" => {
            Some(Packing::Tar)
        }
        "application/vnd.oci.image.layer.v1.tar+gzip"
        | "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
        | "application/vnd.docker.image.rootfs.diff.tar.gzip"
        | "application/vnd.docker.image.rootfs.diff.tar" => Some(Packing::Gzip),
        "application/vnd.oci.image.layer.v1.tar+zstd" => Some(Packing::Zstd),
        _ => None,
    }
}

/// An image's configuration, <https://github.com/opencontainers/image-spec/blob/main/config.md>.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageConfig {
    #[serde(default)]
    pub architecture: String,
    #[serde(default)]
    pub os: String,
    #[serde(default)]
    pub config: RunConfig,
    pub rootfs: RootFs,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootFs {
    /// SHA-256 digests of the unpacked layers, lowest first.
    pub diff_ids: Vec<String>,
}

/// How containers of the image run unless told otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RunConfig {
    #[serde(deserialize_with = "null_default")]
    pub user: String,
    #[serde(deserialize_with = "null_default")]
    pub env: Vec<String>,
    #[serde(deserialize_with = "null_default")]
    pub entrypoint: Vec<String>,
    #[serde(deserialize_with = "null_default")]
    pub cmd: Vec<String>,
    #[serde(deserialize_with = "null_default")]
    pub working_dir: String,
    #[serde(deserialize_with = "null_default")]
    pub stop_signal: String,
    #[serde(deserialize_with = "null_default")]
    pub volumes: BTreeMap<String, serde_json::Value>,
    #[serde(deserialize_with = "null_default")]
    pub exposed_ports: BTreeMap<String, serde_json::Value>,
    #[serde(deserialize_with = "null_default")]
    pub labels: BTreeMap<String, String>,
    /// Docker's health check; ECS takes no notice of it, as AWS's.
    pub healthcheck: Option<serde_json::Value>,
}

fn null_default<'de, D: serde::Deserializer<'de>, T: Default + Deserialize<'de>>(d: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(d)?.unwrap_or_default())
}

impl RunConfig {
    /// The command of a container, by Docker's rules: an entry point given replaces the image's
    /// *and* empties the image's command; a command given replaces the command only.
    pub fn command(&self, entrypoint: Option<&[String]>, command: Option<&[String]>) -> Vec<String> {
        let given = entrypoint.filter(|e| !e.is_empty());
        let head = given.unwrap_or(&self.entrypoint);
        let tail = match (given, command.filter(|c| !c.is_empty())) {
            (_, Some(command)) => command,
            (Some(_), None) => &[],
            (None, None) => &self.cmd,
        };
        head.iter().chain(tail).cloned().collect()
    }

    /// The image's variables with `given` over them, in order, one per name.
    pub fn environment(&self, given: &[(String, String)]) -> Vec<String> {
        let mut env: Vec<String> = self.env.clone();
        for (name, value) in given {
            env.retain(|e| e.split('=').next() != Some(name));
            env.push(format!("{name}={value}"));
        }
        env
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_by_dockers_rules() {
        let v = |s: &str| s.split(' ').filter(|p| !p.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let image = RunConfig { entrypoint: v("/ep -x"), cmd: v("run"), ..RunConfig::default() };
        for (entrypoint, command, want) in [
            (None, None, "/ep -x run"),
            (None, Some("go"), "/ep -x go"),
            (Some("/other"), None, "/other"),
            (Some("/other"), Some("go"), "/other go"),
            (Some(""), Some(""), "/ep -x run"),
        ] {
            let (e, c) = (entrypoint.map(v), command.map(v));
            assert_eq!(image.command(e.as_deref(), c.as_deref()), v(want), "{entrypoint:?} {command:?}");
        }
        let env = RunConfig { env: vec!["A=1".into(), "PATH=/bin".into()], ..RunConfig::default() };
        assert_eq!(env.environment(&[("A".into(), "2".into()), ("B".into(), "=".into())]), ["PATH=/bin", "A=2", "B=="]);
    }

    #[test]
    fn documents_are_told_apart() {
        let d = format!("sha256:{}", "0".repeat(64));
        let image =
            format!(r#"{{"schemaVersion":2,"config":{{"digest":"{d}"}},"layers":[{{"digest":"{d}","size":3}}]}}"#);
        assert!(matches!(parse(image.as_bytes()), Ok(Manifest::Image { .. })));
        let arch = ARCHITECTURE;
        let index = format!(
            r#"{{"schemaVersion":2,"manifests":[{{"digest":"{d}","platform":{{"os":"linux","architecture":"s390x"}}}},
               {{"digest":"{d}","size":9,"platform":{{"os":"linux","architecture":"{arch}"}}}}]}}"#
        );
        let Ok(Manifest::Index(list)) = parse(index.as_bytes()) else { panic!("an index") };
        assert_eq!(choose(&list).unwrap().size, 9);
        for bad in ["", "{}", r#"{"schemaVersion":1}"#, r#"{"schemaVersion":2}"#, "[]"] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        let climb = r#"{"schemaVersion":2,"config":{"digest":"sha256:../../x"},"layers":[]}"#;
        assert!(parse(climb.as_bytes()).is_err());
        let many = format!(r#"{{"digest":"{d}"}},"#).repeat(200);
        let many =
            format!(r#"{{"schemaVersion":2,"config":{{"digest":"{d}"}},"layers":[{}]}}"#, many.trim_end_matches(','));
        assert!(parse(many.as_bytes()).unwrap_err().contains("limit is 127"));
    }

    #[test]
    fn nulls_in_configurations_are_empty() {
        let text = r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},
            "config":{"Entrypoint":null,"Cmd":["sh"],"Env":null,"User":null}}"#;
        let config: ImageConfig = serde_json::from_str(text).unwrap();
        assert_eq!(config.config.cmd, ["sh"]);
        assert!(config.config.entrypoint.is_empty());
    }
}
