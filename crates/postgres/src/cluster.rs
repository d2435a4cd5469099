//! A throw-away cluster of this machine's server binaries, for tests: it starts by itself and is gone with the process
//! that uses it.

use std::fs;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::scratch::{Database, Scratch};

/// Where Debian and others keep the binaries of each version, beside what is on the path.
const KEPT_IN: &[&str] =
    &["/usr/lib/postgresql", "/usr/pgsql-17", "/usr/pgsql-16", "/usr/pgsql-15", "/opt/homebrew/opt"];

/// What a test needs; where this machine has it not, a line that says so, past what keeps the output of tests that pass.
pub fn or_not_run<T, W: std::fmt::Display>(needed: Result<T, W>, what: &str) -> Option<T> {
    let told = |why: W| {
        let why = why.to_string().replace('\n', " ");
        writeln!(std::io::stdout(), "not run: {what} on PostgreSQL, because {why}")
    };
    needed.map_err(told).ok()
}

/// A server of its own in a folder of its own, reached by a socket in it.
#[derive(Debug)]
pub struct Cluster {
    binaries: PathBuf,
    folder: TempDir,
    scratch: Scratch,
    /// Whether a commit waits for the disk. Of a process that ends, the system loses nothing.
    fsync: &'static str,
    /// What else it is started with.
    settings: String,
}

impl Cluster {
    /// The cluster of this process, which is started for whoever asks first; in words, why there is none.
    ///
    /// # Errors
    /// That the machine has no server binaries, or what they said.
    pub fn shared() -> Result<&'static Self, &'static str> {
        static SHARED: OnceLock<Result<Cluster, String>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref().map_err(String::as_str)
    }

    /// Starts a cluster. It stops when it is dropped, and when the process that started it is gone in any way.
    ///
    /// # Errors
    /// As [`Cluster::shared`].
    pub fn start() -> Result<Self, String> {
        Self::begin("off", &std::env::temp_dir())
    }

    /// The same in a folder that is made in that one: where the disk is small.
    ///
    /// # Errors
    /// As [`Cluster::shared`].
    pub fn start_in(folder: &Path) -> Result<Self, String> {
        Self::begin("off", folder)
    }

    /// Starts a cluster in which a commit is on the disk: for measuring.
    ///
    /// # Errors
    /// As [`Cluster::shared`].
    pub fn start_durable() -> Result<Self, String> {
        Self::begin("on", &std::env::temp_dir())
    }

    fn begin(fsync: &'static str, within: &Path) -> Result<Self, String> {
        let binaries =
            binaries().ok_or("there are no server binaries (initdb, postgres; Debian: postgresql)")?;
        let folder = TempDir::with_prefix_in("tenure-pg-", within).map_err(|why| why.to_string())?;
        let scratch = Scratch::at(url(folder.path(), "postgres"));
        let cluster = Self { binaries, folder, scratch, fsync, settings: String::new() };
        if is_root() {
            said(Command::new("chown").arg("postgres").arg(cluster.folder.path()))?;
        }
        let data = cluster.data();
        said(
            cluster
                .command("initdb")
                .args(["-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C", "-D"])
                .arg(&data),
        )?;
        cluster.run()?;
        cluster.watch()?;
        Ok(cluster)
    }

    /// Starts the server, which was stopped.
    ///
    /// # Errors
    /// What it said.
    pub fn run(&self) -> Result<(), String> {
        let options = format!(
            "-k {} -c listen_addresses='' -c max_connections=200 -c fsync={} -c shared_buffers=128MB {}",
            self.folder.path().display(),
            self.fsync,
            self.settings,
        );
        said(
            self.command("pg_ctl")
                .args(["-w", "-t", "60", "-D"])
                .arg(self.data())
                .arg("-l")
                .arg(self.folder.path().join("log"))
                .args(["-o", &options, "start"]),
        )
    }

    /// A second cluster that follows this one, without which no commit of this one is acknowledged any more.
    ///
    /// # Errors
    /// What the servers said.
    pub fn standby(&self) -> Result<Self, String> {
        let folder = TempDir::with_prefix("tenure-pg-").map_err(|why| why.to_string())?;
        let scratch = Scratch::at(url(folder.path(), "postgres"));
        let (binaries, settings) = (self.binaries.clone(), self.settings.clone());
        let standby = Self { binaries, folder, scratch, fsync: self.fsync, settings };
        if is_root() {
            said(Command::new("chown").arg("postgres").arg(standby.folder.path()))?;
        }
        let followed =
            format!("host={} user=postgres application_name=standby", self.folder.path().display());
        said(
            standby
                .command("pg_basebackup")
                .args(["-d", &followed, "-R", "-c", "fast", "-D"])
                .arg(standby.data()),
        )?;
        standby.run()?;
        standby.watch()?;
        self.scratch.sql("ALTER SYSTEM SET synchronous_standby_names = 'standby'")?;
        self.scratch.sql("SELECT pg_reload_conf()")?;
        Ok(standby)
    }

    /// Starts it anew so that it is reached at an address of this machine too, and there by TLS alone, with that
    /// certificate and its key in PEM.
    ///
    /// # Errors
    /// What it said.
    pub fn demand_tls(&mut self, address: &str, certificate: &str, key: &str) -> Result<(), String> {
        use std::os::unix::fs::PermissionsExt as _;

        let data = self.data();
        let hba = "local all all trust\nhostssl all all samehost trust\n";
        for (name, text) in [("server.crt", certificate), ("server.key", key), ("pg_hba.conf", hba)] {
            let path = data.join(name);
            fs::write(&path, text).map_err(|why| why.to_string())?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(|why| why.to_string())?;
            if is_root() {
                said(Command::new("chown").arg("postgres").arg(&path))?;
            }
        }
        self.settings = format!("-c ssl=on -c listen_addresses={address}");
        self.halt("fast")?;
        self.run()
    }

    /// Makes a standby a server of its own, which takes writes.
    ///
    /// # Errors
    /// What it said.
    pub fn promote(&self) -> Result<(), String> {
        said(self.command("pg_ctl").args(["-w", "-D"]).arg(self.data()).arg("promote"))
    }

    /// The folder of its socket, as a host in a connection string.
    #[must_use]
    pub fn host(&self) -> String {
        encoded(self.folder.path())
    }

    /// The socket by which it is reached.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join(".s.PGSQL.5432")
    }

    /// Stops the server: `fast`, or `immediate`, as if the machine had lost its power.
    ///
    /// # Errors
    /// What it said.
    pub fn halt(&self, mode: &str) -> Result<(), String> {
        said(self.command("pg_ctl").args(["-w", "-m", mode, "-D"]).arg(self.data()).arg("stop"))
    }

    /// Databases of it, each with nothing in it.
    #[must_use]
    pub fn scratch(&self) -> Scratch {
        self.scratch.clone()
    }

    /// A database with nothing in it.
    ///
    /// # Errors
    /// What the server said.
    pub fn database(&self) -> Result<Database, String> {
        self.scratch.database()
    }

    /// How a database of it is reached.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        url(self.folder.path(), database)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A command of the server's, as a user that the server accepts: it refuses to be run by root.
    fn command(&self, name: &str) -> Command {
        let binary = self.binaries.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(binary);
            command
        } else {
            Command::new(binary)
        };
        command.current_dir(self.folder.path());
        command
    }

    /// Lets a shell wait for the end of this process, however it ends, and stop the server then.
    fn watch(&self) -> Result<(), String> {
        let script = "while kill -0 \"$0\" 2>/dev/null; do sleep 1; done; \
            kill -QUIT $(head -1 \"$1/data/postmaster.pid\" 2>/dev/null) 2>/dev/null; sleep 1; rm -rf \"$1\"";
        Command::new("sh")
            .args(["-c", script, &std::process::id().to_string()])
            .arg(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What ends the tests is often sent to their whole group.
            .process_group(0)
            .spawn()
            .map(drop)
            .map_err(|why| why.to_string())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.halt("immediate");
    }
}

/// The folder of the newest server binaries: named by `TENURE_PG_BIN`, on the path, or where packages put them.
fn binaries() -> Option<PathBuf> {
    let has_both = |folder: &Path| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    if let Some(named) = std::env::var_os("TENURE_PG_BIN") {
        return Some(PathBuf::from(named)).filter(|folder| has_both(folder));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).find(|folder| has_both(folder));
    // What is on the path may be no more than a link to some of them.
    let on_path = on_path.map(|folder| {
        let real = fs::canonicalize(folder.join("postgres")).ok();
        real.and_then(|postgres| postgres.parent().map(Path::to_owned)).unwrap_or(folder)
    });
    on_path.or_else(|| {
        let versions = KEPT_IN.iter().flat_map(|root| {
            let inside = fs::read_dir(root).into_iter().flatten().flatten();
            inside.map(|entry| entry.path().join("bin")).chain([Path::new(root).join("bin")])
        });
        versions.filter(|folder| has_both(folder)).max()
    })
}

fn url(folder: &Path, database: &str) -> String {
    format!("postgres://postgres@{}/{database}", encoded(folder))
}

fn encoded(folder: &Path) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let path = folder.to_string_lossy();
    let parts = path
        .as_bytes()
        .iter()
        .map(|byte| if plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") });
    parts.collect()
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout == b"0\n")
}

/// Runs a command to its end; what it said, where it failed.
fn said(command: &mut Command) -> Result<(), String> {
    // The server keeps what it inherits: were its output a pipe, nobody would see the end of it.
    let log = tempfile::tempfile().map_err(|why| why.to_string())?;
    let both = |log: &fs::File| log.try_clone().map(Stdio::from).map_err(|why| why.to_string());
    let status = command.stdin(Stdio::null()).stdout(both(&log)?).stderr(both(&log)?).status();
    let status = status.map_err(|why| format!("{command:?}: {why}"))?;
    if status.success() {
        return Ok(());
    }
    let mut text = String::new();
    let mut log = log;
    use std::io::{Read as _, Seek as _};
    let _ = log.rewind().and_then(|()| log.read_to_string(&mut text));
    Err(format!("{command:?}: {}", text.trim()))
}
