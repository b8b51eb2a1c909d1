//! Checking a presented signature against the request that carried it.

use gantry_base::Timestamp;
use subtle::ConstantTimeEq;

use crate::canonical::{self, RequestView, decode_query};
use crate::{Error, Kind, MAX_SKEW_MS, Presented, SigningKey};

const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// SHA-256 of the body that came (of nothing, if there was none).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PayloadHash(pub [u8; 32]);

impl PayloadHash {
    pub fn of(body: &[u8]) -> Self {
        use sha2::Digest;
        Self(sha2::Sha256::digest(body).into())
    }

    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }
}

/// What a service asks of signatures. The default suits every AWS API but S3's.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How far the client's clock may be off, either way, in milliseconds.
    pub skew_ms: i64,
    /// Whether `x-amz-content-sha256: UNSIGNED-PAYLOAD` is taken. S3 takes it whatever this says.
    pub unsigned_payload: bool,
    /// A presigned URL lives at least this long from its date. EKS holds its tokens good for 15
    /// minutes although they say `X-Amz-Expires=60`.
    pub presigned_min_ms: i64,
}

impl Default for Rules {
    fn default() -> Self {
        Self { skew_ms: MAX_SKEW_MS, unsigned_payload: false, presigned_min_ms: 0 }
    }
}

/// Checks the signature with the key's secret, under [`Rules::default`].
///
/// The caller has looked `presented.access_key_id` up and called [`Presented::check_scope`].
///
/// # Errors
/// The first of these that holds: wrong scope date or terminator, expired or not yet current, a
/// header left unsigned, body other than declared, signature other than computed.
pub fn verify(
    presented: &Presented,
    view: &RequestView<'_>,
    payload: PayloadHash,
    secret: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let key = SigningKey::derive(secret, &presented.scope_date, &presented.region, &presented.service);
    verify_with_key(presented, view, payload, &key, now, &Rules::default())
}

/// [`verify`] with a key derived before, for callers that keep them, and rules of their own.
pub fn verify_with_key(
    presented: &Presented,
    view: &RequestView<'_>,
    payload: PayloadHash,
    key: &SigningKey,
    now: Timestamp,
    rules: &Rules,
) -> Result<(), Error> {
    presented.check_scope_date()?;
    check_time(presented, now, rules)?;
    check_coverage(presented, view)?;
    let payload = declared_payload(presented, view, payload, rules)?;
    let canonical = canonical::request(view, &presented.service, &presented.signed_headers, &payload);
    let expected = hex::encode(key.sign(&canonical::string_to_sign(presented, &canonical)));
    let same: bool = expected.as_bytes().ct_eq(presented.signature.as_bytes()).into();
    if same { Ok(()) } else { Err(Error::SignatureDoesNotMatch) }
}

fn check_time(presented: &Presented, now: Timestamp, rules: &Rules) -> Result<(), Error> {
    let signed = presented.date;
    let allowed_min = rules.skew_ms / 60_000;
    let latest = now.plus_ms(rules.skew_ms);
    if signed > latest {
        return Err(Error::NotYetCurrent {
            signed: signed.amz_date(),
            latest: latest.amz_date(),
            now: now.amz_date(),
            allowed_min,
        });
    }
    if let Kind::Presigned { expires_secs: Some(secs) } = presented.kind {
        let life_ms = (i64::from(secs) * 1000).max(rules.presigned_min_ms);
        let end = signed.plus_ms(life_ms);
        if end < now {
            return Err(Error::PresignExpired { expired: end.amz_date(), now: now.amz_date() });
        }
        return Ok(());
    }
    let earliest = now.plus_ms(-rules.skew_ms);
    if signed < earliest {
        return Err(Error::Expired {
            signed: signed.amz_date(),
            earliest: earliest.amz_date(),
            now: now.amz_date(),
            allowed_min,
        });
    }
    Ok(())
}

/// `host` and all `x-amz-*` headers must be signed, and what is signed must have come.
fn check_coverage(presented: &Presented, view: &RequestView<'_>) -> Result<(), Error> {
    let signed = |name: &str| presented.signed_headers.binary_search_by(|s| s.as_str().cmp(name)).is_ok();
    if !signed("host") {
        return Err(Error::UnsignedHeader("Host' or ':authority".to_owned()));
    }
    for (name, _) in view.headers {
        let name = name.to_ascii_lowercase();
        if name.starts_with("x-amz-") && !signed(&name) {
            return Err(Error::UnsignedHeader(name));
        }
    }
    // Intermediaries drop headers; a signature over an absent one can only be over other content.
    if presented.signed_headers.iter().any(|name| view.header(name).is_none()) {
        return Err(Error::SignatureDoesNotMatch);
    }
    Ok(())
}

/// The last line of the canonical request: what the client said its body hashes to, checked.
fn declared_payload(
    presented: &Presented,
    view: &RequestView<'_>,
    payload: PayloadHash,
    rules: &Rules,
) -> Result<String, Error> {
    let is_s3 = canonical::is_s3(&presented.service);
    let presigned = matches!(presented.kind, Kind::Presigned { .. });
    let in_query = || {
        let mut pairs = decode_query(view.query);
        pairs.find(|(name, _)| name == "X-Amz-Content-Sha256").map(|(_, value)| value)
    };
    let mut in_header = view.header_values("x-amz-content-sha256");
    let declared = in_header.next().map(str::to_owned).or_else(|| presigned.then(in_query).flatten());
    if in_header.next().is_some() {
        return Err(Error::PayloadMismatch);
    }
    match declared.as_deref().map(str::trim) {
        None if presigned && is_s3 => Ok(UNSIGNED.to_owned()),
        None => Ok(payload.hex()),
        Some(UNSIGNED) if is_s3 || rules.unsigned_payload => Ok(UNSIGNED.to_owned()),
        Some(name) if name == UNSIGNED || name.starts_with("STREAMING-") => {
            Err(Error::UnsupportedPayload(name.chars().take(64).collect()))
        }
        Some(hex) if hex == payload.hex() => Ok(hex.to_owned()),
        Some(_) => Err(Error::PayloadMismatch),
    }
}
