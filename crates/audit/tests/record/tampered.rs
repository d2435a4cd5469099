//! What is done to a record, and what is found.

use tenure::tenure_core::record::export::Exported;
use tenure::tenure_core::record::tree::{Frontier, leaf_hash};
use tenure::{LogKey, Signer};
use tenure_audit::{Finding, Trusted, VerifierKey, What, verify};

use crate::scene::{LOG, Scene, export, nine};

fn found(scene: &Scene, records: &[Exported]) -> Finding {
    verify(export(records).as_bytes(), &scene.trusted()).unwrap_err()
}

/// The same record with another text at one place, and the hash that goes with it.
fn edited(record: &Exported, from: &str, to: &str) -> Exported {
    assert!(record.leaf.contains(from), "{from}: {}", record.leaf);
    let leaf = record.leaf.replacen(from, to, 1);
    Exported { hash: leaf_hash(leaf.as_bytes()), leaf, ..record.clone() }
}

/// The same records as if they stood from one place on.
fn renumbered(records: &[Exported]) -> Vec<Exported> {
    let again = |(position, record): (u64, &Exported)| {
        let old = format!("\"position\":{}", record.position);
        Exported { position, ..edited(record, &old, &format!("\"position\":{position}")) }
    };
    (1..).zip(records).map(again).collect()
}

/// The place of the first record that a checkpoint over more proves, and of that checkpoint.
fn between(scene: &Scene, position: u64) -> (u64, u64) {
    let sizes = scene.checkpoints.iter().map(|note| note.lines().nth(1).unwrap().parse::<u64>().unwrap());
    let through = sizes.clone().filter(|size| *size >= position).min().unwrap();
    (sizes.filter(|size| *size < position).max().unwrap_or(0) + 1, through)
}

#[test]
fn a_record_in_which_everything_is_right_is_told() {
    let scene = Scene::erased();
    let records = scene.records();
    let report = verify(export(&records).as_bytes(), &scene.trusted()).unwrap();
    let size = u64::try_from(records.len()).unwrap();
    assert_eq!((report.size, report.anchored, report.namespace.as_str()), (size, size, "acme corp"));
    assert_eq!(report.checkpoints.len(), scene.checkpoints.len());
    let erased = records.iter().filter(|record| record.leaf.contains("sha256:") && record.written.is_none());
    assert_eq!((report.erased, report.erased > 1), (u64::try_from(erased.count()).unwrap(), true));
    assert!(!export(&records).contains("why alice asks"));
    assert!(export(&records).contains("why bert asks"));
    // Without checkpoints nothing anchors it.
    let report = verify(export(&records).as_bytes(), &Trusted::default()).unwrap();
    assert_eq!(report.anchored, 0);
}

#[test]
fn an_edit_is_found_at_every_position() {
    let scene = Scene::new();
    for n in 0..scene.records().len() {
        let mut records = scene.records();
        let position = records[n].position;
        let made = edited(&records[n], "2026-03-02T09:", "2026-03-02T08:");
        // The hash stands as it was: it is found on the spot.
        records[n].leaf.clone_from(&made.leaf);
        let spot = found(&scene, &records);
        assert_eq!(spot, Finding { position, through: position, what: What::Changed });
        // Every hash is made anew: only checkpoints tell, and as exactly as they are close to each other.
        records[n] = made;
        let Finding { position: from, through, what } = found(&scene, &records);
        assert_eq!((from, through), between(&scene, position));
        assert_eq!(what, What::OtherHistory { size: through });
    }
}

#[test]
fn a_record_that_is_dropped_moved_or_put_in_is_found_at_every_position() {
    let scene = Scene::new();
    let whole = scene.records();
    for n in 0..whole.len() {
        let position = whole[n].position;
        let at = |what| Finding { position, through: position, what };
        let mut records = whole.clone();
        records.remove(n);
        if n + 1 < whole.len() {
            assert_eq!(found(&scene, &records), at(What::Missing { found: position + 1 }));
        } else {
            let size = u64::try_from(whole.len()).unwrap();
            let (position, through) = between(&scene, position);
            assert_eq!(found(&scene, &records), Finding { position, through, what: What::CutShort { size } });
        }
        let dropped = found(&scene, &renumbered(&records));
        assert!(dropped.position <= position, "{dropped}");

        let mut records = whole.clone();
        let other = &whole[(n + 2) % whole.len()];
        records.insert(n, other.clone());
        let (there, found_there) = (found(&scene, &records), other.position);
        assert_eq!((there.position, there.through), (position, position));
        assert!(
            matches!(there.what, What::Missing { found } | What::Misplaced { found } if found == found_there),
            "{there}"
        );
        let put_in = found(&scene, &renumbered(&records));
        assert_eq!((put_in.position, put_in.through), between(&scene, position));

        if n + 1 < whole.len() {
            let mut records = whole.clone();
            records.swap(n, n + 1);
            assert_eq!(found(&scene, &records), at(What::Missing { found: position + 1 }));
            let moved = found(&scene, &renumbered(&records));
            assert!(matches!(moved.what, What::OtherHistory { .. }), "{moved}");
            assert_eq!((moved.position, moved.through), between(&scene, position));
        }
    }
}

#[test]
fn a_roll_back_is_found() {
    let scene = Scene::new();
    let records = scene.records();
    for kept in 0..records.len() {
        let finding = found(&scene, &records[..kept]);
        let position = u64::try_from(kept).unwrap() + 1;
        let (from, size) = between(&scene, position);
        let cut = Finding { position: from, through: position, what: What::CutShort { size } };
        assert_eq!(finding, cut);
    }
}

#[test]
fn a_fork_is_found() {
    let scene = Scene::new();
    let mut records = scene.records();
    let last = records.len() - 1;
    records[last] = edited(&records[last], "2026-03-02T09:", "2026-03-02T08:");
    let mut tree = Frontier::default();
    records.iter().for_each(|record| drop(tree.append(record.hash)));
    // Whoever has the key signs the other history, too. Whoever has both checkpoints sees it.
    let forked = signed(&scene.key, &scene.verifier(), &tree);
    let mut trusted = scene.trusted();
    trusted.checkpoints.push(forked.clone());
    let size = tree.size();
    for records in [scene.records(), records] {
        let finding = verify(export(&records).as_bytes(), &trusted).unwrap_err();
        assert!(matches!(finding.what, What::Forked { .. } | What::OtherHistory { .. }), "{finding}");
        assert_eq!(finding.through, size);
        assert_eq!((finding.position, finding.through), between(&scene, size));
    }
}

fn signed(key: &LogKey, verifier: &VerifierKey, tree: &Frontier) -> String {
    let (origin, size, root) = (verifier.name.clone(), tree.size(), tree.root());
    let checkpoint = tenure::tenure_core::record::checkpoint::Checkpoint { origin, size, root, at: nine() };
    checkpoint.signed(verifier, &key.sign(checkpoint.body().as_bytes()).unwrap())
}

#[test]
fn another_key_is_found() {
    let scene = Scene::new();
    let other = LogKey::new(LOG, &[8; 32]);
    let verifier = scene.engine.verifier_key(&other).unwrap();
    let mut tree = Frontier::default();
    scene.records().iter().for_each(|record| drop(tree.append(record.hash)));
    let swapped = signed(&other, &verifier, &tree);
    // The same signature under the name and the id of the true key does not help, either.
    let passed_off = signed(&other, &scene.verifier(), &tree);
    for note in [swapped, passed_off, scene.checkpoints[0].replace("\n1\n", "\n2\n"), "nonsense".to_owned()] {
        let trusted = Trusted { keys: vec![scene.verifier()], checkpoints: vec![note] };
        let finding = verify(export(&scene.records()).as_bytes(), &trusted).unwrap_err();
        assert!(matches!(finding.what, What::NotSigned(_)), "{finding}");
        assert_eq!(finding.position, 1);
    }
    // And a checkpoint of another namespace proves nothing of this one.
    let elsewhere = scene.engine.namespace("other").unwrap();
    let note = elsewhere.checkpoint(&scene.key, nine()).unwrap();
    let keys = vec![elsewhere.verifier_key(&scene.key).unwrap(), scene.verifier()];
    let finding = verify(export(&[]).as_bytes(), &Trusted { keys, checkpoints: vec![note] }).unwrap_err();
    assert!(matches!(finding.what, What::NotSigned(_)), "{finding}");
}

#[test]
fn texts_that_were_changed_or_are_gone_are_found() {
    let scene = Scene::erased();
    for n in 0..scene.records().len() {
        let mut records = scene.records();
        let position = records[n].position;
        let Some(written) = &mut records[n].written else { continue };
        let place = written.texts.keys().next().unwrap().clone();
        written.texts.insert(place, "another text".to_owned());
        let finding = found(&scene, &records);
        assert!(matches!(finding.what, What::TextChanged(_)), "{finding}");
        assert_eq!(finding.position, position);
        records[n].written = None;
        let gone = Finding { position, through: position, what: What::TextMissing };
        assert_eq!(found(&scene, &records), gone);
    }
    // An erasure that is dropped leaves texts behind that nobody accounts for.
    let mut records = scene.records();
    let erasure = records.pop().unwrap();
    assert!(erasure.leaf.contains("erased"));
    let keys = vec![scene.verifier()];
    let finding =
        verify(export(&records).as_bytes(), &Trusted { keys, checkpoints: Vec::new() }).unwrap_err();
    assert_eq!((finding.what, finding.position), (What::TextMissing, 2));
    let bare = scene.records().into_iter().filter(|record| record.written.is_some()).count();
    assert!(bare > 2);
}

#[test]
fn nonsense_is_an_error_and_nothing_else() {
    let line = r#"{"log":{"version":1,"namespace":"acme corp"}}"#;
    let deep = format!("{line}\n{}", "[".repeat(100_000));
    for text in ["", "{}", "\u{0}", line.replace(":1", ":2").as_str(), &format!("{line}\n{line}"), &deep] {
        let finding = verify(text.as_bytes(), &Trusted::default()).unwrap_err();
        assert!(matches!(finding.what, What::Unreadable(_)), "{finding}");
    }
    let foreign =
        export(&Scene::new().records()).replace("\"namespace\":\"acme corp\"}}", "\"namespace\":\"acme\"}}");
    let finding = verify(foreign.as_bytes(), &Trusted::default()).unwrap_err();
    assert!(matches!(finding.what, What::Foreign(_)), "{finding}");
}
