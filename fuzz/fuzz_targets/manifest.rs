//! Manifests, routes and references as a client sends them.
#![no_main]

use bytes::Bytes;
use gantry_registry::{Manifest, MediaType, Reference, Route, is_repository_name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for said in [None, Some(MediaType::OciIndex.as_str()), Some(MediaType::DockerImage.as_str())] {
        if let Ok(read) = Manifest::parse(&Bytes::copy_from_slice(data), said) {
            assert!(read.blobs.is_empty() || read.children.is_empty(), "an image or an index");
        }
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(reference) = text.parse::<Reference>() {
        assert_eq!(reference.to_string().parse::<Reference>().ok(), Some(reference));
    }
    if let Ok(route) = Route::parse(text) {
        assert!(route.name().is_none_or(is_repository_name));
    }
});
