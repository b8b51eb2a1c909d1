//! Whatever comes in from outside is read or refused, never a panic, and says the same both ways.

use bytes::Bytes;
use gantry_registry::{
    Manifest, MediaType, ROUTES, Reference, RegistryHost, RegistryNames, Route, Scope, is_repository_name,
    resolve_image_ref, tag_filter_matches,
};
use proptest::prelude::*;

use crate::support::registry_id;

fn names() -> RegistryNames {
    RegistryNames {
        default: registry_id(),
        hosts: vec!["localhost:4566".into()],
        domain: Some("reg.example".into()),
        domain_port: None,
    }
}

/// The plain meaning of a filter, in exponential time.
fn matches_plainly(filter: &[u8], tag: &[u8]) -> bool {
    match (filter.split_first(), tag.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=tag.len()).any(|n| matches_plainly(rest, &tag[n..])),
        (Some((a, filter)), Some((b, tag))) => a == b && matches_plainly(filter, tag),
        _ => false,
    }
}

fn scope() -> impl Strategy<Value = Scope> {
    let parts = ("[ab]", any::<bool>(), any::<bool>(), any::<bool>());
    parts.prop_map(|(repository, pull, push, delete)| Scope { repository, pull, push, delete })
}

proptest! {
    /// A token made from another never lets through what that one did not.
    #[test]
    fn a_scope_narrowed_is_never_wider(asked in scope(), had in prop::collection::vec(scope(), 0..4)) {
        let narrowed = asked.narrowed(&had);
        for action in ROUTES.iter().flat_map(|r| r.actions) {
            for name in ["a", "b"] {
                if narrowed.covers(name, action) {
                    prop_assert!(asked.covers(name, action), "{action} on {name} was not asked for");
                    prop_assert!(had.iter().any(|s| s.covers(name, action)), "{action} on {name} was not there");
                }
            }
        }
    }

    #[test]
    fn any_scope_is_read_or_refused(
        text in "\\PC{0,60}",
        near in "(repository|registry|x)(\\(a\\))?:[a-z/:A]{0,12}:[pulshdetcog,*]{0,12}",
    ) {
        for text in [&text, &near] {
            for scope in Scope::parse_all(std::iter::once(text.as_str())).into_iter().flatten().flatten() {
                prop_assert!(is_repository_name(&scope.repository), "{text}");
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}", path in "/v2/[a-z/:%.A-Z0-9_-]{0,60}") {
        let _ = text.parse::<Reference>();
        let _ = resolve_image_ref(&text, &names());
        let _ = RegistryHost::parse(&text, &names());
        let _ = MediaType::from_name(&text);
        for path in [&text, &path] {
            if let Ok(route) = Route::parse(path) {
                prop_assert!(route.name().is_none_or(is_repository_name), "{path}");
            }
        }
    }

    #[test]
    fn any_bytes_are_a_manifest_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Manifest::parse(&Bytes::from(bytes), None);
    }

    /// Near misses: a manifest with something cut out or put in.
    #[test]
    fn damaged_manifests_are_read_or_refused(cut in 0_usize..400, len in 0_usize..20, with in "[\\[\\]{}\":,0-9a-z-]{0,6}") {
        let whole = crate::support::manifest(
            &gantry_blobs::Digest::sha256(b"c"), &gantry_blobs::Digest::sha256(b"l"), 5, r#","annotations":{"a":"b"}"#,
        );
        let (from, to) = (cut.min(whole.len()), (cut + len).min(whole.len()));
        let damaged = format!("{}{with}{}", &whole[..from], &whole[to..]);
        if let Ok(read) = Manifest::parse(&Bytes::from(damaged), None) {
            prop_assert!(!read.blobs.is_empty());
        }
    }

    #[test]
    fn references_print_as_they_are_read(
        name in "[a-z0-9]{1,5}(/[a-z0-9]{1,5}){0,2}", tag in "[A-Za-z0-9_][A-Za-z0-9._-]{0,20}",
    ) {
        let found = resolve_image_ref(&format!("localhost:4566/{name}:{tag}"), &names()).unwrap();
        prop_assert_eq!((found.repo.name, found.reference.to_string()), (name.clone(), tag.clone()));
        let host = "123456789012.dkr.ecr.eu-west-1.reg.example";
        let found = resolve_image_ref(&format!("{host}/{name}:{tag}"), &names()).unwrap();
        prop_assert_eq!(found.repo.registry.region.as_str(), "eu-west-1");
    }

    #[test]
    fn filters_mean_what_they_say(filter in "[ab*]{0,8}", tag in "[ab]{0,8}") {
        prop_assert_eq!(
            tag_filter_matches(&filter, &tag),
            matches_plainly(filter.as_bytes(), tag.as_bytes())
        );
    }
}
