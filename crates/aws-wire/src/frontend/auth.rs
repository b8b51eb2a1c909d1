//! Who a request is from, and the codes in which each protocol says that it is not.

use std::sync::Arc;

use gantry_base::{Region, Timestamp};
use gantry_sigv4::{PayloadHash, Presented, RequestView};
use http::request::Parts;

use super::{Inner, Progress};
use crate::AwsError;
use crate::call::{Caller, CallerKind, Credential};
use crate::schema::{OperationSchema, Protocol, ServiceSchema};

/// Operations that AWS takes without a signature.
const UNSIGNED: &[(&str, &str)] =
    &[("sts", "AssumeRoleWithSAML"), ("sts", "AssumeRoleWithWebIdentity"), ("ecr-public", "GetAuthorizationToken")];

/// A request's head as the signature sees it.
pub(super) struct View<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: Vec<(&'a str, &'a str)>,
}

impl<'a> View<'a> {
    pub(super) fn new(parts: &'a Parts) -> Result<Self, AwsError> {
        let mut headers = Vec::with_capacity(parts.headers.len() + 1);
        for (name, value) in &parts.headers {
            let text = std::str::from_utf8(value.as_bytes())
                .map_err(|_| AwsError::sender("InvalidHeader", format!("The header {name} is not UTF-8.")))?;
            headers.push((name.as_str(), text));
        }
        // HTTP/2 has the host in the request's target.
        if !parts.headers.contains_key(http::header::HOST)
            && let Some(authority) = parts.uri.authority()
        {
            headers.push(("host", authority.as_str()));
        }
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self { method: parts.method.as_str(), path: parts.uri.path(), query, headers })
    }

    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| *v)
    }

    fn request(&self) -> RequestView<'_> {
        RequestView { method: self.method, path: self.path, query: self.query, headers: &self.headers }
    }
}

/// What a request says of its sender, not yet believed.
pub(super) struct Claim {
    presented: Result<Presented, gantry_sigv4::Error>,
    checked: bool,
    /// With `--auth off`: the access key id, however the rest of the signature looks.
    named: Option<String>,
}

impl Claim {
    pub(super) fn read(view: &View<'_>, checked: bool) -> Self {
        let presented = Presented::parse(&view.request());
        let named = match &presented {
            Ok(presented) => Some(presented.access_key_id.clone()),
            Err(_) if !checked => loose_key(view),
            Err(_) => None,
        };
        Self { presented, checked, named }
    }

    pub(super) fn scope_service(&self) -> Option<&str> {
        self.presented.as_ref().ok().map(|p| p.service.as_str())
    }

    /// Why a request without a usable signature is not taken.
    pub(super) fn refusal(&self, schema: &'static ServiceSchema) -> AwsError {
        let error = self.presented.as_ref().err().cloned();
        sigv4_error(schema, &error.unwrap_or(gantry_sigv4::Error::MissingAuthenticationToken))
    }

    pub(super) fn region(&self) -> Option<Region> {
        self.presented.as_ref().ok()?.region.parse().ok()
    }
}

/// Whether any of a service's operations does without a signature.
pub(super) fn takes_unsigned(schema: &ServiceSchema) -> bool {
    UNSIGNED.iter().any(|(service, _)| *service == schema.name)
}

/// `Credential=<key>/…` of a header that need not be a signature otherwise.
fn loose_key(view: &View<'_>) -> Option<String> {
    let header = view.header("authorization").unwrap_or_default();
    let (_, rest) = header.split_once("Credential=").or_else(|| view.query.split_once("X-Amz-Credential="))?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    (end > 0).then(|| rest[..end].to_owned())
}

/// A sender whose key exists; the signature is still to be checked.
pub(super) struct Proof<'a> {
    /// `None` where signatures are not checked.
    presented: Option<&'a Presented>,
    secret: Arc<str>,
    pub(super) caller: Arc<Caller>,
}

impl Proof<'_> {
    /// Checks the signature over this request and this body, for this service.
    pub(super) fn verify(
        &self,
        view: &View<'_>,
        body: &[u8],
        schema: &'static ServiceSchema,
        now: Timestamp,
    ) -> Result<(), AwsError> {
        let Some(presented) = self.presented else { return Ok(()) };
        let refused = |error| sigv4_error(schema, &error);
        // Any well-formed region is one of ours.
        let region = if presented.region.parse::<Region>().is_ok() { presented.region.as_str() } else { "us-east-1" };
        presented.check_scope(region, schema.signing_name).map_err(refused)?;
        gantry_sigv4::verify(presented, &view.request(), PayloadHash::of(body), &self.secret, now).map_err(refused)
    }
}

impl Inner {
    /// Looks the claimed key up. `None`: nobody is claimed, which only some operations take.
    pub(super) async fn prove<'a>(&self, claim: &'a Claim, progress: &Progress) -> Result<Option<Proof<'a>>, AwsError> {
        if !claim.checked {
            let token = claim.presented.as_ref().ok().and_then(|p| p.session_token.as_deref());
            // A 12-digit key id names an account; a request that names nobody gets the first one.
            let key = claim.named.as_deref().unwrap_or(self.defaults.account.as_str());
            let Credential { secret, caller } =
                self.authority.credential(key, token).await.map_err(|error| known(progress, error))?;
            return Ok(Some(Proof { presented: None, secret, caller }));
        }
        match &claim.presented {
            Ok(presented) => {
                let token = presented.session_token.as_deref();
                let found = self.authority.credential(&presented.access_key_id, token).await;
                let Credential { secret, caller } = found.map_err(|error| known(progress, error))?;
                Ok(Some(Proof { presented: Some(presented), secret, caller }))
            }
            Err(gantry_sigv4::Error::MissingAuthenticationToken) => Ok(None),
            Err(error) => Err(match progress.service {
                Some(schema) => sigv4_error(schema, error),
                None => AwsError::sender(error.code(), error.to_string()).with_status(error.status()),
            }),
        }
    }

    /// The caller of an unsigned request, for operations that take one.
    pub(super) fn unsigned(
        &self,
        claim: &Claim,
        schema: &'static ServiceSchema,
        operation: &'static OperationSchema,
    ) -> Result<Arc<Caller>, AwsError> {
        if !UNSIGNED.contains(&(schema.name, operation.name)) {
            return Err(claim.refusal(schema));
        }
        Ok(Arc::new(Caller {
            arn: "arn:aws:iam::aws:anonymous".to_owned(),
            account: self.defaults.account.clone(),
            user_id: "anonymous".to_owned(),
            kind: CallerKind::Anonymous,
            access_key_id: String::new(),
            session_context: Vec::new(),
            session_policies: Vec::new(),
        }))
    }
}

fn known(progress: &Progress, error: AwsError) -> AwsError {
    match progress.service {
        Some(schema) => in_protocol(schema, error),
        None => error,
    }
}

/// A refused signature in the service's own words.
fn sigv4_error(schema: &'static ServiceSchema, error: &gantry_sigv4::Error) -> AwsError {
    use gantry_sigv4::Error as E;
    let message = match error {
        // A body other than the one that was signed is, to these services, just another signature.
        E::PayloadMismatch => E::SignatureDoesNotMatch.to_string(),
        other => other.to_string(),
    };
    let code = match error {
        E::PayloadMismatch => "SignatureDoesNotMatch",
        other => other.code(),
    };
    match (schema.protocol, error) {
        (Protocol::Ec2Query, E::MissingAuthenticationToken) => {
            AwsError::sender("MissingParameter", "The request must contain the parameter AWSAccessKeyId")
        }
        (Protocol::Ec2Query, E::Expired { .. } | E::PresignExpired { .. } | E::NotYetCurrent { .. }) => {
            AwsError::sender("RequestExpired", format!("Request has expired. {message}"))
        }
        (Protocol::Ec2Query, _) if code == "SignatureDoesNotMatch" => auth_failure(),
        _ => in_protocol(schema, AwsError::sender(code, message).with_status(error.status())),
    }
}

fn auth_failure() -> AwsError {
    AwsError::sender("AuthFailure", "AWS was not able to validate the provided access credentials").with_status(401)
}

/// Errors of authentication and authorisation have a name in each family of protocols: this gives an
/// error the name and status of the service's own. Others stay as they are.
pub(super) fn in_protocol(schema: &'static ServiceSchema, mut error: AwsError) -> AwsError {
    let json = !matches!(schema.protocol, Protocol::AwsQuery | Protocol::Ec2Query);
    let rest = schema.protocol == Protocol::RestJson;
    let ec2 = schema.protocol == Protocol::Ec2Query;
    let json_status = if rest { 403 } else { 400 };
    // (as JSON services say, as query services say, the latter's status)
    let names: &[(&str, &str, u16)] = &[
        ("MissingAuthenticationTokenException", "MissingAuthenticationToken", 403),
        ("IncompleteSignatureException", "IncompleteSignature", 400),
        ("InvalidSignatureException", "SignatureDoesNotMatch", 403),
        ("UnrecognizedClientException", "InvalidClientTokenId", 403),
        ("ExpiredTokenException", "ExpiredToken", 403),
        ("AccessDeniedException", "AccessDenied", 403),
    ];
    // A modelled error of such a name is the service's own affair: STS has an `ExpiredTokenException`.
    if is_modelled(schema, &error.code) {
        return error;
    }
    let Some((json_name, query_name, query_status)) =
        names.iter().find(|(json_name, query_name, _)| error.code == *json_name || error.code == *query_name)
    else {
        return error;
    };
    if json {
        (*json_name).clone_into(&mut error.code);
        error.status = json_status;
    } else if ec2 {
        match *query_name {
            "InvalidClientTokenId" | "SignatureDoesNotMatch" => return auth_failure(),
            "ExpiredToken" => {
                "RequestExpired".clone_into(&mut error.code);
                error.status = 400;
            }
            "AccessDenied" => {
                "UnauthorizedOperation".clone_into(&mut error.code);
                error.message = format!("You are not authorized to perform this operation. {}", error.message);
                error.status = 403;
            }
            other => {
                other.clone_into(&mut error.code);
                error.status = *query_status;
            }
        }
    } else {
        (*query_name).clone_into(&mut error.code);
        error.status = *query_status;
    }
    error
}

fn is_modelled(schema: &'static ServiceSchema, code: &str) -> bool {
    use crate::schema::{Kind, Structure};
    schema.shapes.iter().any(|s| matches!(&s.kind, Kind::Structure(Structure { error: Some(e), .. }) if e.code == code))
}
