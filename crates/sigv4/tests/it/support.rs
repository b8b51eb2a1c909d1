//! A request that owns its parts, so that tests can spoil them one at a time.

use gantry_base::Timestamp;
use gantry_sigv4::{Credentials, Error, PayloadHash, Presented, RequestView, presign, sign, verify};

pub const NOW: Timestamp = Timestamp::from_secs(1_795_341_600);
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

#[derive(Clone, Debug)]
pub struct Owned {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Owned {
    pub fn new(method: &str, path: &str, query: &str, body: &str) -> Self {
        let headers = vec![
            ("Host".to_owned(), "localhost:4566".to_owned()),
            ("Content-Type".to_owned(), "application/x-amz-json-1.1".to_owned()),
            ("X-Amz-Target".to_owned(), "AmazonEC2ContainerServiceV20141113.RunTask".to_owned()),
        ];
        Self { method: method.into(), path: path.into(), query: query.into(), headers, body: body.into() }
    }

    pub fn view<T>(&self, use_it: impl FnOnce(&RequestView<'_>) -> T) -> T {
        let headers: Vec<(&str, &str)> = self.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let view = RequestView { method: &self.method, path: &self.path, query: &self.query, headers: &headers };
        use_it(&view)
    }

    pub fn hash(&self) -> PayloadHash {
        PayloadHash::of(&self.body)
    }

    pub fn signed(mut self, service: &str, token: Option<&str>) -> Self {
        let hash = self.hash();
        let signed = self.view(|view| sign(view, hash, &credentials(token), "us-east-1", service, NOW));
        self.headers.extend(signed.headers);
        self
    }

    pub fn presigned(mut self, service: &str, token: Option<&str>, expires_secs: u32) -> Self {
        let hash = self.hash();
        self.query =
            self.view(|view| presign(view, hash, &credentials(token), "us-east-1", service, expires_secs, NOW));
        self
    }

    pub fn presented(&self) -> Result<Presented, Error> {
        self.view(Presented::parse)
    }

    pub fn check_at(&self, now: Timestamp) -> Result<(), Error> {
        self.view(|view| {
            let presented = Presented::parse(view)?;
            verify(&presented, view, self.hash(), SECRET, now)
        })
    }

    pub fn check(&self) -> Result<(), Error> {
        self.check_at(NOW)
    }

    pub fn set(mut self, name: &str, value: &str) -> Self {
        for (n, v) in &mut self.headers {
            if n.eq_ignore_ascii_case(name) {
                value.clone_into(v);
            }
        }
        self
    }

    pub fn add(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self
    }

    /// Replaces text in the `Authorization` header.
    pub fn edit(self, from: &str, to: &str) -> Self {
        let (_, old) = self.headers.iter().find(|(n, _)| n == "authorization").expect("signed").clone();
        assert!(old.contains(from), "{old} lacks {from}");
        let new = old.replacen(from, to, 1);
        self.set("authorization", &new)
    }

    /// Replaces text in the query.
    pub fn edit_query(mut self, from: &str, to: &str) -> Self {
        assert!(self.query.contains(from), "{} lacks {from}", self.query);
        self.query = self.query.replacen(from, to, 1);
        self
    }
}

pub fn credentials(token: Option<&str>) -> Credentials {
    Credentials {
        access_key_id: "AKIDEXAMPLE".into(),
        secret_access_key: SECRET.into(),
        session_token: token.map(str::to_owned),
    }
}
