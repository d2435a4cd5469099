//! Which crate may depend on which. Any other arrow is refused.

use std::path::Path;

use crate::verdict::Verdict;
use crate::workspace::{Kind, Member, Need, Workspace};

/// What one crate of ours may use of ours. This table is the picture of CONTRIBUTING.md.
struct Rule {
    /// A trailing `*` stands for any ending.
    name: &'static str,
    may_use: &'static [&'static str],
    /// Stands beside the column: nothing below uses it, so its tests may reach for any part of the column.
    beside: bool,
}

const RULES: &[Rule] = &[
    // The column, from the ground up.
    Rule { name: "tenure-core", may_use: &[], beside: false },
    Rule { name: "tenure-policy", may_use: &["tenure-core"], beside: false },
    Rule { name: "tenure-store", may_use: &["tenure-core"], beside: false },
    Rule { name: "tenure-sqlite", may_use: &["tenure-core", "tenure-store"], beside: false },
    Rule { name: "tenure-postgres", may_use: &["tenure-core", "tenure-store"], beside: false },
    Rule {
        name: "tenure",
        may_use: &["tenure-core", "tenure-policy", "tenure-store", "tenure-sqlite", "tenure-postgres"],
        beside: false,
    },
    Rule { name: "tenure-port", may_use: &["tenure"], beside: false },
    Rule { name: "tenure-python", may_use: &["tenure-port"], beside: false },
    Rule { name: "tenure-node", may_use: &["tenure-port"], beside: false },
    // The stories are played through it as well.
    Rule { name: "tenure-c", may_use: &["tenure-port"], beside: true },
    Rule { name: "tenure-uniffi", may_use: &["tenure-port"], beside: false },
    // Beside it.
    Rule { name: "tenure-scenario", may_use: &["tenure-port"], beside: true },
    Rule { name: "tenure-past", may_use: &["tenure-core", "tenure-policy"], beside: true },
    Rule {
        name: "tenure-cli",
        may_use: &["tenure-audit", "tenure-past", "tenure-port", "tenure-scenario"],
        beside: true,
    },
    Rule { name: "tenure-sim", may_use: &["tenure", "tenure-port"], beside: true },
    Rule { name: "tenure-bench", may_use: &["tenure"], beside: true },
    Rule { name: "tenure-audit", may_use: &["tenure-core"], beside: true },
    // Its messages are made of the same words.
    Rule { name: "tenure-connect-slack", may_use: &["tenure", "tenure-connect-notices"], beside: true },
    Rule { name: "tenure-connect-*", may_use: &["tenure"], beside: true },
    Rule {
        name: "tenure-portal",
        may_use: &["tenure", "tenure-past", "tenure-connect-slack", "tenure-connect-notices"],
        beside: true,
    },
    Rule { name: "tenure-rust-portal-snippet", may_use: &["tenure"], beside: true },
    Rule { name: "xtask", may_use: &[], beside: false },
];

/// What the tests of a crate beside the column may use as well: any part of it, the stories that are told of it, and the
/// second opinion on its record.
const COLUMN: &[&str] = &[
    "tenure-scenario",
    "tenure-audit",
    "tenure-core",
    "tenure-policy",
    "tenure-store",
    "tenure-sqlite",
    "tenure-postgres",
    "tenure",
    "tenure-port",
];

/// Stores a host chooses: behind a feature, so that nobody builds what they do not use.
const BEHIND_A_FEATURE: &[&str] = &["tenure-sqlite", "tenure-postgres"];

/// The core has no I/O, no clock, no randomness, no thread and no parser of documents, and neither do these.
const CORE_USES: &[&str] =
    &["base64", "chrono", "chrono-tz", "regex", "serde", "serde_json", "sha2", "wildmatch"];
const CORE_TESTS_USE: &[&str] = &["criterion", "divan", "proptest"];

pub(crate) fn check(workspace: &Workspace) -> Result<Verdict, String> {
    let mut verdict = Verdict::default();
    for member in &workspace.members {
        verdict.findings.extend(folder(member));
        let Some(rule) = rule(&member.name) else {
            verdict.findings.push(format!("`{}` has no row in the table of arrows", member.name));
            continue;
        };
        for need in &member.needs {
            verdict.findings.extend(arrow(member, rule, need, workspace));
        }
    }
    verdict.notes.push(format!("{} crates", workspace.members.len()));
    Ok(verdict)
}

/// What a crate may use of ours, by the table.
pub(crate) fn allowed(name: &str) -> &'static [&'static str] {
    rule(name).map_or(&[], |rule| rule.may_use)
}

fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| match rule.name.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => rule.name == name,
    })
}

/// One dependency judged; a finding where it is not allowed.
fn arrow(member: &Member, rule: &Rule, need: &Need, workspace: &Workspace) -> Option<String> {
    let ours = workspace.members.iter().any(|other| other.name == need.name);
    let dev = need.kind == Kind::Dev;
    if !ours {
        let core = member.name == "tenure-core";
        let known =
            CORE_USES.contains(&need.name.as_str()) || (dev && CORE_TESTS_USE.contains(&need.name.as_str()));
        return (core && !known)
            .then(|| format!("`tenure-core` uses `{}`, which is not on the core's list", need.name));
    }
    // The tests of a crate may turn on a feature of that very crate.
    let itself = dev && need.name == member.name;
    let allowed = itself
        || rule.may_use.contains(&need.name.as_str())
        || (dev && rule.beside && COLUMN.contains(&need.name.as_str()));
    if !allowed {
        let whose = if dev { "the tests of " } else { "" };
        let list =
            if rule.may_use.is_empty() { "nothing of ours".to_owned() } else { rule.may_use.join(", ") };
        return Some(format!("{whose}`{}` may not use `{}`; it may use: {list}", member.name, need.name));
    }
    let chosen = BEHIND_A_FEATURE.contains(&need.name.as_str());
    (chosen && !dev && !need.optional)
        .then(|| format!("`{}` uses `{}` always; a store stands behind a feature", member.name, need.name))
}

/// A folder is called as its crate, without the prefix; `tenure` itself is the engine.
fn folder(member: &Member) -> Option<String> {
    let expected = match member.name.as_str() {
        "tenure" => "engine",
        name => name.strip_prefix("tenure-").unwrap_or(name),
    };
    let called = member.folder.file_name().is_some_and(|name| name == Path::new(expected).as_os_str());
    (!called).then(|| {
        format!("`{}` lies in `{}`; its folder is called `{expected}`", member.name, member.folder.display())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// The findings of a workspace made of `(crate, [(dependency, kind)])`.
    fn findings(crates: &[(&str, &[(&str, Kind)])]) -> Vec<String> {
        let members = crates
            .iter()
            .map(|(name, needs)| Member {
                name: (*name).to_owned(),
                folder: PathBuf::from(match *name {
                    "tenure" => "crates/engine".to_owned(),
                    other => format!("crates/{}", other.trim_start_matches("tenure-")),
                }),
                needs: needs
                    .iter()
                    .map(|(name, kind)| Need { name: (*name).to_owned(), kind: *kind, optional: false })
                    .collect(),
            })
            .collect();
        check(&Workspace { root: PathBuf::from("/w"), target: PathBuf::new(), members }).unwrap().findings
    }

    #[test]
    fn the_arrows_of_the_house_hold() {
        use Kind::Normal;
        let none = findings(&[
            ("tenure-core", &[("serde", Normal), ("proptest", Kind::Dev)]),
            ("tenure-store", &[("tenure-core", Normal)]),
            ("tenure-policy", &[("tenure-core", Normal), ("cedar-policy", Normal)]),
            ("tenure", &[("tenure-store", Normal), ("tenure-policy", Normal)]),
            ("tenure-port", &[("tenure", Normal)]),
            ("tenure-scenario", &[("tenure-port", Normal), ("tenure-core", Kind::Dev)]),
            ("tenure-connect-scim", &[("tenure", Normal)]),
        ]);
        assert_eq!(none, Vec::<String>::new());
    }

    #[test]
    fn an_invented_arrow_is_refused() {
        for (from, to, kind) in [
            ("tenure-core", "tenure-store", Kind::Normal),
            ("tenure-core", "tenure-policy", Kind::Dev),
            ("tenure-store", "tenure-policy", Kind::Build),
            ("tenure-policy", "tenure-scenario", Kind::Dev),
            ("tenure-port", "tenure-core", Kind::Normal),
            ("tenure-cli", "tenure-core", Kind::Normal),
            ("tenure-scenario", "tenure-cli", Kind::Dev),
            ("xtask", "tenure-core", Kind::Dev),
        ] {
            let found = findings(&[(from, &[(to, kind)]), (to, &[])]);
            assert_eq!(found.len(), 1, "{from} -> {to} ({kind:?}): {found:?}");
            assert!(found.concat().contains(&format!("`{from}` may not use `{to}`")), "{found:?}");
        }
    }

    #[test]
    fn the_core_takes_nothing_that_is_not_on_its_list() {
        let clock = findings(&[("tenure-core", &[("rand", Kind::Normal)])]);
        assert_eq!(clock, ["`tenure-core` uses `rand`, which is not on the core's list"]);
        let test_only = findings(&[("tenure-core", &[("proptest", Kind::Normal)])]);
        assert_eq!(test_only.len(), 1, "what tests may use, the core itself may not: {test_only:?}");
    }

    #[test]
    fn a_store_that_is_not_optional_is_refused() {
        let found = findings(&[("tenure", &[("tenure-sqlite", Kind::Normal)]), ("tenure-sqlite", &[])]);
        assert_eq!(found, ["`tenure` uses `tenure-sqlite` always; a store stands behind a feature"]);
    }

    #[test]
    fn a_crate_without_a_row_or_in_a_folder_of_another_name_is_refused() {
        assert_eq!(findings(&[("tenure-extra", &[])]), ["`tenure-extra` has no row in the table of arrows"]);
        let moved =
            Member { name: "tenure-core".to_owned(), folder: PathBuf::from("crates/rules"), needs: vec![] };
        let found = folder(&moved).unwrap();
        assert_eq!(found, "`tenure-core` lies in `crates/rules`; its folder is called `core`");
    }
}
