//! Where the records lie (DESIGN D2).

use gantry_base::{AccountId, Region};

pub const ENVIRONMENTS: &str = "/fargate/environments/";
pub const HOSTS: &str = "/hosts/";
pub const REPORTS: &str = "/reports/";

pub fn environment(sandbox_id: &str) -> String {
    format!("{ENVIRONMENTS}{sandbox_id}")
}

pub fn host(host_id: &str) -> String {
    format!("{HOSTS}{host_id}/record")
}

pub fn assignments(host_id: &str) -> String {
    format!("/assign/{host_id}/")
}

pub fn assignment(host_id: &str, sandbox_id: &str) -> String {
    format!("/assign/{host_id}/{sandbox_id}")
}

pub fn report(sandbox_id: &str) -> String {
    format!("{REPORTS}{sandbox_id}")
}

/// A service's records: `/aws/<account>/<region>/<service>/<kind>/<id>`.
pub fn aws(account: &AccountId, region: &Region, service: &str, kind: &str, id: &str) -> String {
    format!("/aws/{account}/{region}/{service}/{kind}/{id}")
}
