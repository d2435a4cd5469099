//! TLS with a real server and certificates that openssl makes: the right one passes, and every other is refused in words.

use std::path::Path;
use std::process::{Command, Stdio};

use tenure_core::command::Verb;
use tenure_postgres::cluster::{Cluster, or_not_run};
use tenure_postgres::{Options, PostgresStore};
use tenure_store::StoreFault;
use tenure_store::suite::cast::person;
use tenure_store::suite::story::{accepted, actor, request};

use crate::common::{host_at, one, publish};

/// A certificate that vouches for others, and one for a server at that address and under that name.
struct Certificates {
    root: String,
    server: String,
    key: String,
}

fn openssl(folder: &Path, words: &[&str]) -> Result<(), String> {
    let ran = Command::new("openssl").args(words).current_dir(folder).stdin(Stdio::null()).output();
    let ran = ran.map_err(|why| format!("there is no `openssl` ({why})"))?;
    if ran.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&ran.stderr).into_owned()) }
}

fn certificates(named: &str) -> Result<Certificates, String> {
    let folder = tempfile::TempDir::new().unwrap();
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    let root = ["req", "-x509", "-subj", "/CN=a root", "-keyout", "root.key", "-out", "root.crt"];
    openssl(folder.path(), &[&root[..], &curve].concat())?;
    let alternative = format!("subjectAltName={named}");
    let server = ["req", "-x509", "-CA", "root.crt", "-CAkey", "root.key", "-subj", "/CN=a server"];
    let more = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", &alternative];
    let kept = ["-keyout", "server.key", "-out", "server.crt"];
    openssl(folder.path(), &[&server[..], &curve, &more, &kept].concat())?;
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    Ok(Certificates { root: read("root.crt"), server: read("server.crt"), key: read("server.key") })
}

/// An address of this machine that is nobody else's.
fn address() -> String {
    let id = std::process::id();
    format!("127.77.{}.{}", id / 250 % 250 + 1, id % 250 + 1)
}

fn served() -> Result<(Cluster, Certificates), String> {
    let certificates = certificates(&format!("IP:{},DNS:localhost", address()))?;
    let mut cluster = Cluster::start()?;
    cluster.demand_tls(&address(), &certificates.server, &certificates.key)?;
    Ok((cluster, certificates))
}

fn vouched(root: &str) -> Options {
    Options { root_certificates: Some(root.as_bytes().to_vec()), ..Options::default() }
}

#[test]
fn a_server_that_is_vouched_for_is_reached_and_no_other() {
    let Some((cluster, certificates)) = or_not_run(served(), "TLS") else { return };
    let database = cluster.database().unwrap();
    let at =
        |host: &str, mode: &str| format!("postgres://postgres@{host}/{}?sslmode={mode}", database.name());
    let address = address();
    for mode in ["require", "verify-full", "prefer"] {
        let store = host_at(&at(&address, mode), vouched(&certificates.root)).unwrap();
        publish(&store);
        let grant = format!("g {mode}").replace(' ', "-");
        let ask: Verb = request(&grant, "automatic", &["pg/orders/read"], None);
        accepted(one(&store, &grant, &actor(&person("alice")), ask));
    }
    let encrypted = "SELECT bool_or(ssl)::text FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) \
        WHERE a.application_name = 'tenure'";
    let store = host_at(&at(&address, "verify-full"), vouched(&certificates.root)).unwrap();
    assert_eq!(database.texts(encrypted).unwrap(), ["true"]);
    drop(store);

    let refused = |url: &str, options: Options| match PostgresStore::open_with(url, options) {
        Err(StoreFault::Broken(why)) => why,
        other => panic!("{other:?}"),
    };
    let other = self::certificates("IP:127.0.0.1").unwrap();
    for mode in ["require", "verify-full", "verify-ca", "prefer"] {
        let why = refused(&at(&address, mode), vouched(&other.root));
        assert!(why.contains("invalid peer certificate"), "{mode}: a root that does not vouch: {why}");
    }
    // Nobody of the system vouches for it either.
    let why = refused(&at(&address, "verify-full"), Options::default());
    assert!(why.contains("invalid peer certificate"), "{why}");
    // The same server, whose certificate is for the address and not for this name.
    let named =
        format!("postgres://postgres@elsewhere/{}?hostaddr={address}&sslmode=verify-full", database.name());
    let why = refused(&named, vouched(&certificates.root));
    assert!(why.contains("not valid for name"), "{why}");
    let why = refused(&at(&address, "disable"), vouched(&certificates.root));
    assert!(why.contains("no encryption"), "{why}");
    let why = refused(&at(&address, "require"), vouched("no certificate"));
    assert!(why.contains("certificate"), "{why}");
}
