//! The key of a log: made here, given to a host by its file, and what the host signs is checked by the public half.

use tenure_port::Handle;

use crate::{Night, code, err, out};

#[test]
fn a_key_that_was_made_signs_what_an_audit_checks() {
    let night = Night::of("key");
    let public = night.says(&["audit", "key", "audit.example.com", "log.key"]);
    assert!(public.starts_with("audit.example.com/default+"), "{public}");
    let file = night.0.join("log.key");
    let secret = std::fs::read_to_string(&file).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let config = serde_json::json!({"store": night.0.join("night.db"), "key": file}).to_string();
    let handle = Handle::open(&config).unwrap_or_else(|bad| panic!("{}", bad.to_json()));
    let signed: serde_json::Value = serde_json::from_str(&handle.call(r#"{"call": "checkpoint"}"#)).unwrap();
    handle.close();
    assert_eq!(signed["ok"]["key"], public.trim_end());
    std::fs::write(night.0.join("kept.note"), signed["ok"]["checkpoint"].as_str().unwrap()).unwrap();
    std::fs::write(night.0.join("record.jsonl"), night.says(&["audit", "export", "night.db"])).unwrap();
    let verify = ["audit", "verify", "record.jsonl", "--checkpoint", "kept.note", "--key"];
    let told = night.says(&[&verify[..], &[public.trim_end()]].concat());
    assert!(told.contains("checkpoint over 41"), "{told}");
    // The same log under another key is another log.
    let other = night.says(&["audit", "key", "audit.example.com", "other.key"]);
    assert_eq!(code(&night.run(&[&verify[..], &[other.trim_end()]].concat())), Some(1));
    // Nothing is written over, and a name that no log can have makes no file.
    for args in [&["audit", "key", "audit.example.com", "log.key"], &["audit", "key", "a log", "none.key"]] {
        let refused = night.run(args);
        assert_eq!(code(&refused), Some(2), "{}", out(&refused));
        assert!(!err(&refused).contains(secret.trim_end()), "{}", err(&refused));
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), secret);
    assert!(!night.0.join("none.key").exists());
}
