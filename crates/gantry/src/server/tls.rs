//! Gantry's own certificate authority: made at first start, kept in the data directory.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::datadir::DataDir;

const CA_CERT: &str = "ca.pem";
const CA_KEY: &str = "ca.key";

/// A server configuration whose certificate the instance's CA signed for `names`.
///
/// The leaf is made anew at each start: it costs a millisecond, never expires in use, and follows the
/// names that this start was asked to serve.
pub fn server_config(data: &DataDir, names: Vec<String>) -> Result<Arc<ServerConfig>> {
    let (ca_pem, ca_key) = authority(data)?;
    let issuer = Issuer::from_ca_cert_pem(&ca_pem, ca_key).context("the CA in ca.pem cannot sign")?;
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "gantry");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let leaf = params.signed_by(&key, &issuer)?;
    let chain = vec![leaf.der().clone(), CertificateDer::from_pem_slice(ca_pem.as_bytes())?];
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|e| anyhow::anyhow!("leaf key: {e}"))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn authority(data: &DataDir) -> Result<(String, KeyPair)> {
    let (cert, key) = (data.join(CA_CERT), data.join(CA_KEY));
    if cert.exists() && key.exists() {
        let pem = std::fs::read_to_string(cert)?;
        let key = KeyPair::from_pem(&std::fs::read_to_string(key)?).context("ca.key is damaged")?;
        return Ok((pem, key));
    }
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Gantry local CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let pem = params.self_signed(&key)?.pem();
    data.write_bytes(CA_KEY, key.serialize_pem().as_bytes())?;
    data.write_bytes(CA_CERT, pem.as_bytes())?;
    Ok((pem, key))
}
