//! The same record checked by implementations that were not written here: `golang.org/x/mod/sumdb`.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::scene::{Scene, export};

/// Where Debian's `golang-golang-x-mod-dev` puts it.
const GOPATH: &str = "/usr/share/gocode";

/// Runs the program on an input: what it says, or why it cannot run here.
fn go(input: &str) -> Result<Result<String, String>, String> {
    if !Path::new(GOPATH).join("src/golang.org/x/mod/sumdb/tlog").exists() {
        return Err(format!("`golang.org/x/mod` is not in {GOPATH} (Debian: golang-golang-x-mod-dev)"));
    }
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/record/elsewhere.go");
    let child = Command::new("go")
        .args(["run", &source.to_string_lossy()])
        .env("GO111MODULE", "off")
        .env("GOPATH", GOPATH)
        .env("GOCACHE", &cache)
        .env("GOFLAGS", "")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.map_err(|error| format!("`go` does not run: {error} (Debian: golang-go)"))?;
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ok(if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) })
}

#[test]
fn the_record_is_checked_by_what_was_not_written_here() {
    let scene = Scene::erased();
    let size = scene.engine.export(0, 1_000).unwrap().len();
    let size = u64::try_from(size).unwrap();
    let inclusions: Vec<_> = (1..=size)
        .flat_map(|size| [1, size.div_ceil(2), size].map(|position| (position, size)))
        .map(|(position, size)| scene.engine.inclusion(position, Some(size)).unwrap())
        .collect();
    let consistency: Vec<_> = (1..=size)
        .flat_map(|size| [1, size.div_ceil(2), size.div_ceil(3) * 2, size].map(|old| (old.min(size), size)))
        .map(|(old, size)| scene.engine.consistency(old, Some(size)).unwrap())
        .collect();
    let records = scene.records();
    let mut input = json!({
        "export": export(&records),
        "key": scene.verifier().to_string(),
        "checkpoints": scene.checkpoints,
        "inclusions": inclusions,
        "consistency": consistency,
    });
    let said = match go(&input.to_string()) {
        Ok(said) => said,
        // Past what the test runner keeps to itself, for whoever wants to know what was not tested.
        Err(why) => return writeln!(std::io::stdout(), "not run: the record in Go, because {why}").unwrap(),
    };
    let expected = format!(
        "{size} records, {} checkpoints, {} inclusions, {} consistency proofs\n",
        scene.checkpoints.len(),
        inclusions.len(),
        consistency.len()
    );
    assert_eq!(said, Ok(expected));

    // And it does look: what was changed it does not take.
    let key = scene.engine.verifier_key(&tenure::LogKey::new("audit.example.com", &[9; 32])).unwrap();
    input["key"] = json!(key.to_string());
    assert!(go(&input.to_string()).unwrap().unwrap_err().contains("checkpoint"));
    input["key"] = json!(scene.verifier().to_string());
    input["inclusions"][7]["proof"][0] = json!("00".repeat(32));
    assert!(go(&input.to_string()).unwrap().unwrap_err().contains("record"));
    input["export"] = json!(export(&records).replacen("of-bert", "of-mary", 1));
    assert!(go(&input.to_string()).unwrap().unwrap_err().contains("is not what it says"));
}
