//! `USER` of an image or task definition, resolved against the image's own passwd and group files.
//!
//! Pure: text in, numbers out. Rules as the Dockerfile reference gives them for `USER`: a number
//! need not be listed, a name must be; the group defaults to the user's own, or 0.

use std::collections::BTreeSet;

/// Longest passwd or group file that is read.
pub(crate) const MAX_FILE_BYTES: u64 = 1 << 20;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResolvedUser {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) additional_gids: Vec<u32>,
    pub(crate) home: String,
}

struct Passwd<'a> {
    name: &'a str,
    uid: u32,
    gid: u32,
    home: &'a str,
}

fn passwd_lines(text: &str) -> impl Iterator<Item = Passwd<'_>> {
    text.lines().filter_map(|line| {
        let mut f = line.split(':');
        let (name, _, uid, gid, _, home) = (f.next()?, f.next()?, f.next()?, f.next()?, f.next()?, f.next()?);
        Some(Passwd { name, uid: uid.parse().ok()?, gid: gid.parse().ok()?, home })
    })
}

/// (name, gid, members)
fn group_lines(text: &str) -> impl Iterator<Item = (&str, u32, &str)> {
    text.lines().filter_map(|line| {
        let mut f = line.split(':');
        let (name, _, gid) = (f.next()?, f.next()?, f.next()?);
        Some((name, gid.parse().ok()?, f.next().unwrap_or("")))
    })
}

/// Resolves `spec` (`user`, `uid`, `user:group`, `uid:gid` and mixtures; empty means root).
/// The error is worded as Docker words it.
pub(crate) fn resolve(spec: &str, passwd: &str, group: &str) -> Result<ResolvedUser, String> {
    let (user, wanted_group) = match spec.split_once(':') {
        Some((user, group)) => (user, Some(group).filter(|g| !g.is_empty())),
        None => (spec, None),
    };
    let user = if user.is_empty() { "0" } else { user };
    let number = user.parse::<u32>().ok();
    let entry =
        passwd_lines(passwd).find(|p| p.name == user).or_else(|| passwd_lines(passwd).find(|p| Some(p.uid) == number));
    // To setresuid(2) the largest number means "leave it": a file of the image must not get to say that.
    let fits = |id: u32| i32::try_from(id).is_ok();
    let (uid, own_gid, name, home) = match (&entry, number) {
        (Some(p), _) if !fits(p.uid) || !fits(p.gid) => {
            return Err(format!("uids and gids must be in range 0-{}", i32::MAX));
        }
        (Some(p), _) => (p.uid, p.gid, Some(p.name), p.home),
        (None, Some(uid)) if fits(uid) => (uid, 0, None, if uid == 0 { "/root" } else { "/" }),
        (None, Some(_)) => return Err(format!("uids and gids must be in range 0-{}", i32::MAX)),
        (None, None) => return Err(format!("unable to find user {user}: no matching entries in passwd file")),
    };
    let gid = match wanted_group {
        None => own_gid,
        Some(wanted) => match (group_lines(group).find(|(n, ..)| *n == wanted), wanted.parse::<u32>()) {
            (Some((_, gid, _)), _) | (None, Ok(gid)) if fits(gid) => gid,
            (Some(_), _) | (None, Ok(_)) => return Err(format!("uids and gids must be in range 0-{}", i32::MAX)),
            (None, Err(_)) => {
                return Err(format!("unable to find group {wanted}: no matching entries in group file"));
            }
        },
    };
    // As Docker and runc do: the primary group is among the supplementary ones.
    let mut additional = BTreeSet::from([gid]);
    if wanted_group.is_none()
        && let Some(name) = name
    {
        let mine = group_lines(group).filter(|(.., m)| m.split(',').any(|m| m == name));
        additional.extend(mine.map(|(_, gid, _)| gid).filter(|gid| fits(*gid)));
    }
    let home = if home.is_empty() { "/" } else { home }.to_owned();
    Ok(ResolvedUser { uid, gid, additional_gids: additional.into_iter().collect(), home })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:App:/srv/app:/bin/sh\nbroken\n";
    const GROUP: &str = "root:x:0:\napp:x:1001:\naudio:x:29:app,other\nvideo:x:44:app\n";

    #[test]
    fn table() {
        for (spec, want) in [
            ("", Ok((0, 0, vec![0], "/root"))),
            ("root", Ok((0, 0, vec![0], "/root"))),
            ("app", Ok((1000, 1001, vec![29, 44, 1001], "/srv/app"))),
            ("1000", Ok((1000, 1001, vec![29, 44, 1001], "/srv/app"))),
            ("4242", Ok((4242, 0, vec![0], "/"))),
            ("4242:7", Ok((4242, 7, vec![7], "/"))),
            ("app:audio", Ok((1000, 29, vec![29], "/srv/app"))),
            ("app:", Ok((1000, 1001, vec![29, 44, 1001], "/srv/app"))),
            (":44", Ok((0, 44, vec![44], "/root"))),
            ("nobody", Err("unable to find user nobody: no matching entries in passwd file")),
            ("app:wheel", Err("unable to find group wheel: no matching entries in group file")),
            ("4294967295", Err("uids and gids must be in range 0-2147483647")),
            ("0:4294967295", Err("uids and gids must be in range 0-2147483647")),
        ] {
            let got = resolve(spec, PASSWD, GROUP);
            let got = got.as_ref().map(|u| (u.uid, u.gid, u.additional_gids.clone(), u.home.as_str()));
            assert_eq!(got.map_err(String::as_str), want, "{spec}");
        }
        assert_eq!(resolve("7", "", "").unwrap().home, "/");
        // Numbers that would leave the caller's own identity as it is.
        let passwd = "me:x:4294967295:0::/:\nus:x:7:4294967295::/:\nok:x:7:7::/:\n";
        let group = "all:x:4294967295:ok\nsome:x:9:ok\n";
        for spec in ["me", "us", "4294967295", "ok:all"] {
            assert!(resolve(spec, passwd, group).is_err(), "{spec}");
        }
        assert_eq!(resolve("ok", passwd, group).unwrap().additional_gids, [7, 9]);
    }
}
