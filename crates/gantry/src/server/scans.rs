//! What the operator asks of the scanner over the control socket.

use gantry_scanner::Scanner;
use http::{Response, StatusCode};
use serde_json::json;

use super::listen::Body;
use super::route::{answer, refusal};

/// Turns to the advisories that are imported by now.
pub async fn reload(scanner: &Scanner) -> Response<Body> {
    match scanner.reload().await {
        Ok(changed) => answer(StatusCode::OK, &json!({ "changed": changed })),
        Err(error) => refusal(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}
