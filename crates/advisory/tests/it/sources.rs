//! Readers, matching and severities.

use gantry_advisory::{
    Affected, Detail, Ecosystem, Format, Item, OsRelease, Scheme, Severity, Summary, Verdict, affects, best_score,
    read_document, score,
};
use proptest::prelude::*;

fn read(text: &str) -> (Vec<Detail>, Vec<Affected>, Summary) {
    let (mut details, mut affected) = (Vec::new(), Vec::new());
    let mut sink = |item| {
        match item {
            Item::Detail(detail) => details.push(detail),
            Item::Affected(one) => affected.push(one),
        }
        Ok(())
    };
    let summary = read_document(text.as_bytes(), &mut sink).expect("read");
    (details, affected, summary)
}

const GHSA: &str = r#"{"schema_version":"1.4.0","id":"GHSA-aaaa-bbbb-cccc","modified":"2024-01-02T03:04:05Z",
  "published":"2024-01-01T00:00:00Z","aliases":["CVE-2099-0001"],"summary":"Made-up flaw","details":"Long text",
  "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
  "affected":[{"package":{"ecosystem":"npm","name":"@scope/left"},"ranges":[{"type":"SEMVER","events":[
     {"fixed":"2.1.0"},{"introduced":"2.0.0"},{"introduced":"0"},{"fixed":"1.5.2"}]},{"type":"GIT","repo":"x","events":[{"introduced":"abc"}]}],
     "versions":["1.0.0","3.0.0-evil"]}],
  "references":[{"type":"WEB","url":"https://example.test/a"},{"type":"ADVISORY","url":"https://example.test/adv"}],
  "database_specific":{"severity":"CRITICAL","other":{"x":[1,2]}}}"#;

#[test]
fn osv_records() {
    let (details, affected, summary) = read(GHSA);
    assert_eq!((summary.records, summary.skipped), (1, 0));
    assert_eq!(summary.formats, [Format::Osv]);
    assert!(summary.scopes.contains("npm"));
    let detail = &details[0];
    assert_eq!(
        (detail.id.as_str(), detail.aliases.as_slice()),
        ("CVE-2099-0001", &["GHSA-aaaa-bbbb-cccc".to_owned()][..])
    );
    assert_eq!(detail.url, "https://example.test/adv");
    assert_eq!(detail.severity, Some(Severity::Critical));
    assert_eq!(best_score(&detail.vectors).map(|s| (s.version, s.base)), Some(("3.1", 9.8)));
    let one = &affected[0];
    assert_eq!(one.package, "@scope/left");
    assert_eq!(one.intervals.len(), 2);
    assert_eq!(one.versions, ["3.0.0-evil"], "covered ones are not listed again");
    for (version, fixed) in [
        ("0.0.1", Some(Some("1.5.2"))),
        ("1.5.2", None),
        ("1.9.0", None),
        ("2.0.0", Some(Some("2.1.0"))),
        ("2.1.0-rc.1", Some(Some("2.1.0"))),
        ("2.1.0", None),
        ("3.0.0-evil", Some(None)),
    ] {
        let expected = match fixed {
            Some(fixed) => Verdict::Yes { fixed: fixed.map(str::to_owned) },
            None => Verdict::No,
        };
        assert_eq!(affects(Scheme::Semver, one, version), expected, "{version}");
    }
    assert_eq!(affects(Scheme::Semver, one, "workspace:*"), Verdict::Unknown);
}

#[test]
fn osv_in_arrays_and_lines() {
    let withdrawn = GHSA.replacen("\"published\"", "\"withdrawn\":\"2024-02-01T00:00:00Z\",\"published\"", 1);
    let (_, affected, summary) = read(&format!("[{GHSA},{withdrawn}]"));
    assert_eq!((affected.len(), summary.records, summary.skipped), (1, 2, 1));
    let line = GHSA.replace('\n', " ");
    let (_, affected, summary) = read(&format!("{line}\n{line}\n{line}\n"));
    assert_eq!((affected.len(), summary.records), (3, 3));
}

#[test]
fn a_bulletin_names_the_cves_it_mends() {
    let text = r#"{"id":"ALSA-2099:1","related":["CVE-2099-1","CVE-2099-2"],"affected":[{"package":
        {"ecosystem":"AlmaLinux:9","name":"openssl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1:3.0.7-2.el9"}]}]}]}"#;
    let (details, affected, _) = read(text);
    assert_eq!(details.iter().map(|d| d.id.as_str()).collect::<Vec<_>>(), ["CVE-2099-1", "CVE-2099-2"]);
    assert_eq!(affected[0].ecosystem.as_str(), "AlmaLinux:9");
    assert_eq!(
        affects(Scheme::Rpm, &affected[0], "1:3.0.7-1.el9"),
        Verdict::Yes { fixed: Some("1:3.0.7-2.el9".to_owned()) }
    );
    assert_eq!(affects(Scheme::Rpm, &affected[0], "1:3.0.7-2.el9"), Verdict::No);
}

#[test]
fn debians_tracker() {
    let text = r#"{"bash":{"CVE-2099-1":{"scope":"local","description":"Made up.","debianbug":1,"releases":{
        "bookworm":{"status":"resolved","repositories":{"bookworm":"5.2"},"fixed_version":"5.2-1","urgency":"low**"},
        "bullseye":{"status":"open","repositories":{},"urgency":"unimportant","nodsa":"Minor issue","nodsa_reason":""},
        "sid":{"status":"resolved","fixed_version":"0","urgency":"not yet assigned"},
        "trixie":{"status":"undetermined","urgency":"not yet assigned"}}}},
      "zlib":{"TEMP-0000000-000000":{"releases":{"sid":{"status":"resolved","fixed_version":"0","urgency":"low"}}}}}"#;
    let (details, affected, summary) = read(text);
    assert_eq!((summary.records, summary.skipped, details.len()), (2, 1, 1));
    assert_eq!(summary.formats, [Format::Debian]);
    assert_eq!(affected.len(), 2);
    assert_eq!(affected[0].ecosystem.as_str(), "Debian:12");
    assert_eq!(affected[0].severity, Some(Severity::Low));
    assert_eq!(affected[0].intervals[0].fixed.as_deref(), Some("5.2-1"));
    assert_eq!(affected[1].ecosystem.as_str(), "Debian:11");
    assert_eq!(affected[1].severity, Some(Severity::Informational));
    assert_eq!(affected[1].status.as_deref(), Some("Minor issue"));
    assert_eq!(affects(Scheme::Dpkg, &affected[1], "99"), Verdict::Yes { fixed: None });
}

#[test]
fn alpines_secdb() {
    let text = r#"{"apkurl":"{{urlprefix}}/{{distroversion}}","archs":["x86_64"],"reponame":"main","urlprefix":"https://example.test",
      "distroversion":"v3.19","packages":[{"pkg":{"name":"busybox","secfixes":{"0":["CVE-2099-9"],
        "1.36.1-r2":["CVE-2099-1 XSA-3 (+)","CVE-2099-2"],"1.36.1-r10":["CVE-2099-1"],"1.0-r0":null}}}]}"#;
    let (_, affected, summary) = read(text);
    assert_eq!((summary.records, summary.skipped), (3, 1));
    assert_eq!(summary.scopes.iter().next().map(String::as_str), Some("Alpine:v3.19-main"));
    let of = |id: &str| affected.iter().find(|a| a.id == id).expect("there");
    assert_eq!(of("CVE-2099-1").intervals[0].fixed.as_deref(), Some("1.36.1-r10"), "the last fix counts");
    assert_eq!(of("CVE-2099-2").ecosystem.as_str(), "Alpine:v3.19");
    assert!(!affected.iter().any(|a| a.id == "CVE-2099-9"));
}

#[test]
fn what_is_none_of_them_is_refused() {
    let mut sink = |_| Ok(());
    for text in [
        "",
        "null",
        "3",
        "{\"a\":1}",
        "{\"a\":{\"b\":1}}",
        "{\"a\":{\"b\":{\"c\":1}}}",
        "[1]",
        "[{\"id\":\"x\"}",
        "PK\u{3}\u{4}",
        "{\"id\":",
    ] {
        assert!(read_document(text.as_bytes(), &mut sink).is_err(), "{text}");
    }
    let endless = format!("[{{\"id\":\"x\",\"details\":\"{}\"}}]", "x".repeat(20 << 20));
    assert!(read_document(endless.as_bytes(), &mut sink).is_err());
    let mut full = |_| Err("the disk is full".to_owned());
    let stopped = read_document(GHSA.as_bytes(), &mut full).expect_err("stopped").to_string();
    assert_eq!(stopped, "the disk is full");
}

#[test]
fn systems_have_their_ecosystems() {
    for (id, version_id, codename, expected) in [
        ("debian", "12", "bookworm", Some("Debian:12")),
        ("debian", "", "trixie", Some("Debian:13")),
        ("debian", "", "sid", Some("Debian:sid")),
        ("ubuntu", "22.04", "jammy", Some("Ubuntu:22.04")),
        ("alpine", "3.19.1", "", Some("Alpine:v3.19")),
        ("alpine", "3.21.0_alpha20240923", "", Some("Alpine:edge")),
        ("rhel", "9.4", "", Some("Red Hat:9")),
        ("almalinux", "9.4", "", Some("AlmaLinux:9")),
        ("sles", "15.5", "", Some("SUSE:Linux Enterprise Server 15 SP5")),
        ("wolfi", "20230201", "", Some("Wolfi")),
        ("plan9", "4", "", None),
    ] {
        let found = Ecosystem::of_system(OsRelease { id, version_id, codename });
        assert_eq!(found.as_ref().map(Ecosystem::as_str), expected, "{id}");
    }
    for (osv, expected) in [
        ("Ubuntu:22.04:LTS", "Ubuntu:22.04"),
        ("Ubuntu:Pro:22.04:LTS", "Ubuntu:Pro:22.04"),
        ("Red Hat:enterprise_linux:9::baseos", "Red Hat:9"),
        ("Debian:12", "Debian:12"),
        ("Maven:https://repo.example.test", "Maven:https://repo.example.test"),
    ] {
        assert_eq!(Ecosystem::from_osv(osv).as_str(), expected);
    }
    assert_eq!(Ecosystem::pypi().normal_name("Ruamel.YAML__clib"), "ruamel-yaml-clib");
    assert_eq!(Ecosystem::npm().normal_name("@A/b_c"), "@A/b_c");
}

#[test]
fn scores_and_words() {
    for (vector, version, base) in [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "3.1", 9.8),
        ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N", "3.1", 5.5),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", "3.0", 6.1),
        ("AV:N/AC:L/Au:N/C:P/I:P/A:P", "2.0", 7.5),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", "4.0", 9.3),
    ] {
        let found = score(vector).unwrap_or_else(|| panic!("{vector}"));
        assert_eq!((found.version, found.base), (version, base), "{vector}");
    }
    for bad in ["", "CVSS:3.1/", "CVSS:3.1/AV:N", "AV:", "CVSS:9.0/AV:N", "hello"] {
        assert_eq!(score(bad), None, "{bad}");
    }
    for (word, severity) in [
        ("MODERATE", Some(Severity::Medium)),
        ("low**", Some(Severity::Low)),
        ("Important", Some(Severity::High)),
        ("unimportant", Some(Severity::Informational)),
        ("not yet assigned", None),
        ("untriaged", None),
    ] {
        assert_eq!(Severity::from_word(word), severity, "{word}");
    }
    assert_eq!(Severity::from_score(8.9), Severity::High);
    assert_eq!(Severity::from_score(0.0), Severity::Informational);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_document(&bytes[..], &mut |_| Ok(()));
    }

    #[test]
    fn any_damage_is_survived(at in 0..GHSA.len(), byte in any::<u8>(), cut in 0..GHSA.len()) {
        let mut bytes = GHSA.as_bytes().to_vec();
        bytes[at] = byte;
        let _ = read_document(&bytes[..], &mut |_| Ok(()));
        let _ = read_document(&bytes[..cut], &mut |_| Ok(()));
    }

    #[test]
    fn any_vector_is_survived(text in "(CVSS:[234].[01]/)?([A-Za-z]{1,3}:[A-Z]/?){0,12}") {
        let _ = score(&text);
    }
}
