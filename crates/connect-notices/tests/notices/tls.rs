//! TLS, as it is out there: a server whose certificate the system's roots vouch for is told, another one is not.
//!
//! Which roots the system has is said by the environment, which is a process's own: so another one, of this very program,
//! tells whether it could speak to the servers here.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tenure_connect_notices::http::Http;
use tenure_connect_notices::mail::relay;

const WEB: &str = "TENURE_TEST_WEB";
const MAIL: &str = "TENURE_TEST_MAIL";
const TRUSTED: &str = "TENURE_TEST_TRUSTED";

fn openssl(folder: &Path, words: &[&str]) -> Result<(), String> {
    let ran = Command::new("openssl").args(words).current_dir(folder).stdin(Stdio::null()).output();
    let ran = ran.map_err(|why| format!("there is no `openssl` ({why})"))?;
    if ran.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&ran.stderr).into_owned()) }
}

/// A root, a server's certificate that it signed, and another root that did not.
fn certificates(folder: &Path) -> Result<(), String> {
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    for (name, key, subject) in
        [("root.crt", "root.key", "/CN=a root"), ("other.crt", "other.key", "/CN=another root")]
    {
        let root = ["req", "-x509", "-subj", subject, "-keyout", key, "-out", name];
        openssl(folder, &[&root[..], &curve].concat())?;
    }
    let server = ["req", "-x509", "-CA", "root.crt", "-CAkey", "root.key", "-subj", "/CN=a server"];
    let more = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=DNS:localhost"];
    let kept = ["-keyout", "server.key", "-out", "server.crt"];
    openssl(folder, &[&server[..], &curve, &more, &kept].concat())
}

/// A server with that certificate: what it says first, and what it answers to whatever comes.
fn serve(folder: &Path, first: &'static str, then: &'static str) -> u16 {
    let certificates = vec![CertificateDer::from_pem_file(folder.join("server.crt")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let mut stream = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream);
            let mut read = [0_u8; 4096];
            // Whoever does not trust it goes away.
            let _ = stream.write_all(first.as_bytes());
            while matches!(stream.read(&mut read), Ok(count) if count > 0) {
                let _ = stream.write_all(then.as_bytes());
            }
        }
    });
    port
}

#[test]
fn a_certificate_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    if let Err(why) = certificates(folder.path()) {
        println!("not run: notices over TLS, because {why}");
        return;
    }
    let web = serve(folder.path(), "", "HTTP/1.1 204 No Content\r\n\r\n");
    let mail = serve(folder.path(), "220 localhost\r\n", "250 localhost\r\n");
    for (root, trusted) in [("root.crt", "yes"), ("other.crt", "no")] {
        let mut other = Command::new(std::env::current_exe().unwrap());
        other.args(["--exact", "tls::the_other_process", "--nocapture"]);
        other.env("SSL_CERT_FILE", folder.path().join(root)).env_remove("SSL_CERT_DIR");
        other.env(WEB, web.to_string()).env(MAIL, mail.to_string()).env(TRUSTED, trusted);
        let told = other.stdin(Stdio::null()).output().unwrap();
        assert!(told.status.success(), "{root}: {}", String::from_utf8_lossy(&told.stderr));
    }
}

/// Nothing, unless the test above calls it.
#[test]
fn the_other_process() {
    let (Ok(web), Ok(mail), Ok(trusted)) = (std::env::var(WEB), std::env::var(MAIL), std::env::var(TRUSTED))
    else {
        return;
    };
    let posted = Http::new().post(&format!("https://localhost:{web}/"), &[], b"{}");
    let relay = relay("localhost").unwrap().port(mail.parse().unwrap()).build();
    let reached = relay.test_connection();
    if trusted == "yes" {
        assert_eq!(posted.unwrap().status, 204);
        assert!(reached.unwrap());
    } else {
        let refused = format!("{:?} {reached:?}", posted.unwrap_err());
        assert_eq!(refused.matches("UnknownIssuer").count(), 2, "{refused}");
    }
}
