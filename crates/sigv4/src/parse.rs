//! Reading what a request says about its own signature, before anything is believed.

use std::collections::BTreeMap;

use gantry_base::Timestamp;

use crate::canonical::{RequestView, decode_query};
use crate::{ALGORITHM, Error, MAX_AUTH_LEN, MAX_EXPIRES_SECS, MAX_SIGNED_HEADERS, TERMINATOR};

/// Where the signature stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// In the `Authorization` header.
    Header,
    /// In the query, good for `expires_secs` from its date (`X-Amz-Expires`); without it, for the
    /// usual clock skew.
    Presigned { expires_secs: Option<u32> },
}

/// A signature as presented: well formed, not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    pub kind: Kind,
    pub access_key_id: String,
    /// When the client says it signed.
    pub date: Timestamp,
    /// The scope's date, `YYYYMMDD` as sent.
    pub scope_date: String,
    pub region: String,
    pub service: String,
    /// The scope's last part, as sent.
    pub terminator: String,
    /// `X-Amz-Security-Token` of the header or query.
    pub session_token: Option<String>,
    /// Lower-case, sorted, no name twice.
    pub signed_headers: Vec<String>,
    /// As sent: lower-case hex if it is to match.
    pub signature: String,
}

/// See [`Presented::parse`].
pub fn parse(view: &RequestView<'_>) -> Result<Presented, Error> {
    Presented::parse(view)
}

impl Presented {
    /// Reads the signature of a request.
    ///
    /// # Errors
    /// [`Error::MissingAuthenticationToken`] if there is none of ours (also for `Basic` and `Bearer`),
    /// [`Error::IncompleteSignature`] if a part is absent, malformed or said twice.
    pub fn parse(view: &RequestView<'_>) -> Result<Self, Error> {
        let mut authorization = view.header_values("authorization");
        let first = authorization.next();
        if authorization.next().is_some() {
            return Err(incomplete("Request carries more than one Authorization header."));
        }
        let ours = first.filter(|value| value.trim_start().starts_with("AWS4-"));
        let presigned = is_presigned(view.query);
        match (ours, presigned) {
            (Some(_), true) => Err(incomplete(
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or the Authorization header should be specified",
            )),
            (Some(value), false) => Self::from_header(view, value),
            (None, true) => Self::from_query(view),
            (None, false) => Err(Error::MissingAuthenticationToken),
        }
    }

    /// `date/region/service/terminator`.
    pub fn scope(&self) -> String {
        format!("{}/{}/{}/{}", self.scope_date, self.region, self.service, self.terminator)
    }

    /// Checks that the credential was made for this service in this region.
    pub fn check_scope(&self, region: &str, service: &str) -> Result<(), Error> {
        if self.region != region {
            return Err(Error::WrongScope(format!(
                "Credential should be scoped to a valid region, not '{}'. ",
                self.region
            )));
        }
        if self.service != service {
            return Err(Error::WrongScope(format!("Credential should be scoped to correct service: '{service}'. ")));
        }
        Ok(())
    }

    /// Scope's terminator and date against the request's own date.
    pub(crate) fn check_scope_date(&self) -> Result<(), Error> {
        if self.terminator != TERMINATOR {
            return Err(Error::WrongScope(format!(
                "Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{}'. ",
                self.terminator
            )));
        }
        let stamp = self.date.amz_date();
        if self.scope_date != stamp[..8] {
            return Err(Error::WrongScope(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{}', from '{stamp}'.",
                self.scope_date,
                &stamp[..8]
            )));
        }
        Ok(())
    }

    fn from_header(view: &RequestView<'_>, value: &str) -> Result<Self, Error> {
        let value = limited(value)?.trim();
        let (algorithm, rest) = value.split_once(' ').unwrap_or((value, ""));
        check_algorithm(algorithm)?;
        let mut parts: BTreeMap<&str, &str> = BTreeMap::new();
        for piece in rest.split(',').map(str::trim).filter(|piece| !piece.is_empty()) {
            let (name, value) = piece.split_once('=').ok_or_else(|| {
                incomplete(format!(
                    "'{piece}' not a valid key=value pair (missing equal-sign) in Authorization header."
                ))
            })?;
            if parts.insert(name, value).is_some() {
                return Err(incomplete(format!("Authorization header has '{name}' more than once.")));
            }
        }
        let mut lacking = String::new();
        for name in ["Credential", "Signature", "SignedHeaders"] {
            if parts.get(name).is_none_or(|value| value.is_empty()) {
                lacking += &format!("Authorization header requires '{name}' parameter. ");
            }
        }
        let date = header_date(view)?;
        if date.is_none() {
            lacking += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
        }
        let Some(date) = date.filter(|_| lacking.is_empty()) else {
            return Err(incomplete(lacking.trim_end()));
        };
        let mut tokens = view.header_values("x-amz-security-token");
        let session_token = tokens.next().map(str::to_owned);
        if tokens.next().is_some() {
            return Err(incomplete("Request carries more than one X-Amz-Security-Token header."));
        }
        let credential = Credential::parse(parts["Credential"])?;
        credential.present(Kind::Header, date, session_token, parts["SignedHeaders"], parts["Signature"])
    }

    fn from_query(view: &RequestView<'_>) -> Result<Self, Error> {
        let mut parts: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in decode_query(limited(view.query)?).filter(|(name, _)| name.starts_with("X-Amz-")) {
            if let Some(_before) = parts.insert(name.clone(), value) {
                return Err(incomplete(format!("Query-string parameter '{name}' is given more than once.")));
            }
        }
        let lacks = |name: &str| parts.get(name).is_none_or(String::is_empty);
        let needed = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"];
        if needed.into_iter().any(lacks) {
            return Err(incomplete(
                "AWS query-string parameters must include 'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-SignedHeaders' and 'X-Amz-Date'. Re-examine the query-string parameters.",
            ));
        }
        check_algorithm(&parts["X-Amz-Algorithm"])?;
        let date = amz_date(&parts["X-Amz-Date"])?;
        let expires_secs = parts.get("X-Amz-Expires").map(|text| expires(text)).transpose()?;
        let credential = Credential::parse(&parts["X-Amz-Credential"])?;
        credential.present(
            Kind::Presigned { expires_secs },
            date,
            parts.get("X-Amz-Security-Token").cloned(),
            &parts["X-Amz-SignedHeaders"],
            &parts["X-Amz-Signature"],
        )
    }
}

/// The five parts of a credential.
struct Credential<'a>([&'a str; 5]);

impl<'a> Credential<'a> {
    fn parse(text: &'a str) -> Result<Self, Error> {
        let mut parts = text.split('/');
        let five = std::array::from_fn(|_| parts.next().unwrap_or(""));
        if parts.next().is_some() || five.iter().any(|part| part.is_empty()) {
            return Err(incomplete(format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{text}'"
            )));
        }
        Ok(Self(five))
    }

    fn present(
        self,
        kind: Kind,
        date: Timestamp,
        session_token: Option<String>,
        signed_headers: &str,
        signature: &str,
    ) -> Result<Presented, Error> {
        let [access_key_id, scope_date, region, service, terminator] = self.0.map(str::to_owned);
        Ok(Presented {
            kind,
            access_key_id,
            date,
            scope_date,
            region,
            service,
            terminator,
            session_token: session_token.filter(|token| !token.is_empty()),
            signed_headers: header_names(signed_headers)?,
            signature: signature.to_owned(),
        })
    }
}

fn incomplete(message: impl Into<String>) -> Error {
    Error::IncompleteSignature(message.into())
}

fn limited(text: &str) -> Result<&str, Error> {
    if text.len() > MAX_AUTH_LEN { Err(incomplete("Request's signature is too long.")) } else { Ok(text) }
}

fn is_presigned(query: &str) -> bool {
    query.split('&').any(|piece| {
        let name = piece.split('=').next().unwrap_or(piece);
        matches!(name, "X-Amz-Algorithm" | "X-Amz-Signature" | "X-Amz-Credential")
    })
}

fn check_algorithm(algorithm: &str) -> Result<(), Error> {
    if algorithm == ALGORITHM {
        return Ok(());
    }
    Err(incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}'.")))
}

fn amz_date(text: &str) -> Result<Timestamp, Error> {
    Timestamp::parse_amz_date(text).ok_or_else(|| {
        incomplete(format!(
            "Date must be in ISO-8601 'basic format'. Got '{text}'. See http://en.wikipedia.org/wiki/ISO_8601"
        ))
    })
}

/// `X-Amz-Date`, or else `Date` in either of its forms.
fn header_date(view: &RequestView<'_>) -> Result<Option<Timestamp>, Error> {
    let mut stamps = view.header_values("x-amz-date");
    if let Some(text) = stamps.next() {
        if stamps.next().is_some() {
            return Err(incomplete("Request carries more than one X-Amz-Date header."));
        }
        return amz_date(text.trim()).map(Some);
    }
    let Some(text) = view.header("date").map(str::trim) else {
        return Ok(None);
    };
    if let Ok(zoned) = jiff::fmt::rfc2822::parse(text) {
        return Ok(Some(Timestamp::from_secs(zoned.timestamp().as_second())));
    }
    amz_date(text).map(Some)
}

fn expires(text: &str) -> Result<u32, Error> {
    let all_digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !all_digits {
        return Err(incomplete("X-Amz-Expires should be a number"));
    }
    match text.parse::<u32>() {
        Ok(0) => Err(incomplete("X-Amz-Expires must be at least 1 second")),
        Ok(secs) if secs <= MAX_EXPIRES_SECS => Ok(secs),
        _ => Err(incomplete(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
        )),
    }
}

fn header_names(text: &str) -> Result<Vec<String>, Error> {
    let mut names: Vec<String> = text.split(';').map(str::to_ascii_lowercase).collect();
    let well_formed = |name: &String| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b':' | b',' | b'"'))
    };
    if names.len() > MAX_SIGNED_HEADERS || !names.iter().all(well_formed) {
        return Err(incomplete("SignedHeaders must be a list of header names joined by ';'."));
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}
