//! What the operator asks of the scanner over the control socket.

use gantry_registry::{LocalImage, resolve_image_ref};
use gantry_scanner::{Error, SbomFormat, Scanner};
use http::{Response, StatusCode};
use serde_json::json;

use super::listen::Body;
use super::route::{answer, refusal};
use super::wiring::Parts;

/// Turns to the advisories that are imported by now.
pub async fn reload(scanner: &Scanner) -> Response<Body> {
    match scanner.reload().await {
        Ok(changed) => answer(StatusCode::OK, &json!({ "changed": changed })),
        Err(error) => refusal(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// `image` and `format` of the query; with `attach` the document becomes a referrer of the image.
pub async fn sbom(parts: &Parts, query: &str, attach: bool) -> Response<Body> {
    let value = |name: &str| {
        let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        found.map(|text| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned())
    };
    let text = value("image").unwrap_or_default();
    let Some(image) = image(parts, &text) else {
        return refusal(StatusCode::BAD_REQUEST, &format!("{text:.300} does not name an image of this registry"));
    };
    let format = match value("format").as_deref() {
        Some("cyclonedx") => SbomFormat::CycloneDx,
        _ => SbomFormat::Spdx,
    };
    let work = async {
        let sbom = parts.scanner.sbom(&image, format).await?;
        if attach {
            return Ok(json!({ "digest": parts.scanner.attach(&sbom).await?.as_str() }));
        }
        Ok::<_, Error>(json!({ "document": String::from_utf8_lossy(&sbom.document) }))
    };
    match work.await {
        Ok(done) => answer(StatusCode::OK, &done),
        Err(error) => refusal(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

/// With the registry's host before it, or of the registry's own account and region.
fn image(parts: &Parts, text: &str) -> Option<LocalImage> {
    let names = parts.registry_wire.registry().names();
    let ours = names.hosts.first()?;
    resolve_image_ref(text, names).or_else(|| resolve_image_ref(&format!("{ours}/{text}"), names))
}
