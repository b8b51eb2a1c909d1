//! `gantry sbom`: what is in an image, as SPDX or CycloneDX.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::Where;
use crate::client;

#[derive(Args)]
pub struct Sbom {
    /// NAME[:TAG][@DIGEST], or the same behind the registry's host
    image: String,
    #[arg(long, value_enum, default_value = "spdx")]
    format: SbomKind,
    /// Put the document beside the image, as a referrer, and print the referrer's digest instead
    #[arg(long)]
    attach: bool,
    #[command(flatten)]
    place: Where,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SbomKind {
    Spdx,
    Cyclonedx,
}

impl Sbom {
    pub async fn run(self) -> Result<ExitCode> {
        const KEEP: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');
        let format = match self.format {
            SbomKind::Spdx => "spdx",
            SbomKind::Cyclonedx => "cyclonedx",
        };
        let image = utf8_percent_encode(&self.image, KEEP);
        let path = format!("/_gantry/sbom?image={image}&format={format}");
        let method = if self.attach { Method::POST } else { Method::GET };
        let answer = client::control(&self.place.data(), method, &path).await?;
        let field = if self.attach { "digest" } else { "document" };
        let text = answer.get(field).and_then(Value::as_str).context("the server gave no document")?;
        match writeln!(std::io::stdout(), "{text}") {
            // Who reads it has seen enough.
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => {}
            written => written.context("write the document")?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
