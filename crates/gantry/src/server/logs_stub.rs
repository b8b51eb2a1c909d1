use gantry_agent_api::*;
use gantry_base::*;
use std::sync::Arc;
pub struct Logs;
pub struct Config {
    pub data_dir: std::path::PathBuf,
    pub store: gantry_store::Store,
    pub clock: SharedClock,
    pub entropy: SharedEntropy,
    pub pages: gantry_aws_wire::PageTokens,
}
impl Logs {
    pub async fn open(_: Config) -> anyhow::Result<Arc<Self>> {
        Ok(Arc::new(Self))
    }
    pub async fn clear(&self) -> anyhow::Result<()> {
        Ok(())
    }
}
#[async_trait::async_trait]
impl LogSink for Logs {
    async fn open_stream(&self, _: &AccountId, _: &Region, _: &str, _: &str, _: bool) -> Result<(), ServiceError> {
        Ok(())
    }
    async fn append(
        &self,
        _: &AccountId,
        _: &Region,
        _: &str,
        _: &str,
        _: u64,
        e: Vec<LogEvent>,
    ) -> Result<(), ServiceError> {
        for x in e {
            eprintln!("LOG {}", String::from_utf8_lossy(&x.message));
        }
        Ok(())
    }
}
