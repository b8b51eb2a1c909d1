//! `gantry reset` and `gantry down`: what is asked over the control socket.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use http::Method;

use super::Where;
use crate::client;
use crate::server::clean;

#[derive(Args)]
pub struct Reset {
    #[command(flatten)]
    place: Where,
}

impl Reset {
    pub async fn run(self) -> Result<ExitCode> {
        let done = client::control(&self.place.data(), Method::POST, "/_gantry/reset").await?;
        println!("emptied in {} ms", done.get("took_ms").and_then(serde_json::Value::as_u64).unwrap_or(0));
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Args)]
pub struct Down {
    #[command(flatten)]
    place: Where,
}

impl Down {
    pub async fn run(self) -> Result<ExitCode> {
        let data = self.place.data();
        if data.instance()?.is_none() {
            println!("nothing was ever started on {}", data.path().display());
            return Ok(ExitCode::SUCCESS);
        }
        if data.control_socket().exists() && client::control(&data, Method::POST, "/_gantry/down").await.is_ok() {
            clean::wait_for_exit(&data).await?;
        }
        let report = clean::host(&data).await?;
        println!("stopped; {report}\nThe data is still in {}: start again with `gantry up`.", data.path().display());
        Ok(ExitCode::SUCCESS)
    }
}
