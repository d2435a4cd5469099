//! The past, for people: what a store says of what was, and whether it is whole; and where it is kept.

pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod compact;
pub(crate) mod doctor;
pub(crate) mod list;
pub(crate) mod log;
pub(crate) mod moving;
mod namespaces;
pub(crate) mod reconcile;
mod table;
pub(crate) mod who_has;

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use serde_json::{Value as Json, json};
use tenure_port::core::id::Namespace;
use tenure_port::spread::is_database;
use tenure_port::store::{Store, StoreFault};
use tenure_port::{Port, PostgresStore, Spread, SqliteStore};

use crate::End;

/// Answers of one call: as many as a store gives at once.
const PAGE: u64 = 1_000;

/// A store that is there: it is opened, never made.
#[derive(Debug, clap::Args)]
pub(crate) struct Kept {
    /// The SQLite file of the store, or the `postgres://…` URL of the database it is in. It must be there. Or a file that
    /// says which namespace is where: `{"default": "URL", "namespaces": {"NAME": "URL"}}`.
    #[arg(value_name = "FILE|URL")]
    file: PathBuf,
    /// The namespace in it.
    #[arg(long, value_name = "NAME", default_value = namespaces::DEFAULT)]
    pub(crate) namespace: String,
}

/// How the past is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people: a line each, in columns on a terminal.
    Text,
    /// For programs: a JSON object a line.
    Jsonl,
    /// For spreadsheets: RFC 4180 with a head. A cell that begins with `=`, `+`, `-` or `@` gets an apostrophe.
    /// A character that a terminal obeys is written like `\u{1b}`.
    Csv,
}

/// What keeps a question from being answered, in words.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The file, the store or the question.
    Unread(String),
    /// The output.
    Unwritten(io::Error),
}

impl Kept {
    /// The store in a file, or in a database, without a port before it, to look at it.
    pub(crate) fn store(&self) -> Result<Opened, Trouble> {
        self.opened(|file| SqliteStore::look_at(file))
    }

    fn opened(&self, open: OpenFile) -> Result<Opened, Trouble> {
        let place = self.place()?;
        let opened = match url(&place) {
            Some(url) => Opened::Database(Self::database(url)?),
            None => Opened::File(Self::file(&place, open)?),
        };
        namespaces::has(&opened, &self.namespace)?;
        Ok(opened)
    }

    /// Where the namespace is.
    fn place(&self) -> Result<PathBuf, Trouble> {
        if url(&self.file).is_some() || !is_json(&self.file) {
            return Ok(self.file.clone());
        }
        let (name, wrong) =
            (self.file.display(), |why: &dyn std::fmt::Display| Trouble::Unread(why.to_string()));
        let text = std::fs::read_to_string(&self.file).map_err(|why| wrong(&format!("`{name}`: {why}")))?;
        let spread = Spread::from_json(&text).map_err(|why| wrong(&format!("`{name}`: {why}")))?;
        let namespace = Namespace::new(&self.namespace).map_err(|why| wrong(&why))?;
        Ok(PathBuf::from(spread.place(&namespace)))
    }

    /// The store in that database, which must be there.
    pub(crate) fn database(url: &str) -> Result<Arc<PostgresStore>, Trouble> {
        let opened = PostgresStore::open_existing(url);
        opened.map(Arc::new).map_err(|fault| Trouble::Unread(fault.to_string()))
    }

    /// The store in that file, to look at it.
    pub(crate) fn of(file: &Path) -> Result<Arc<SqliteStore>, Trouble> {
        Self::file(file, |file| SqliteStore::look_at(file))
    }

    fn file(file: &Path, open: OpenFile) -> Result<Arc<SqliteStore>, Trouble> {
        let path = file.display();
        if file.exists() && !file.is_file() {
            return Err(Trouble::Unread(format!(
                "`{path}` is no file: a store is in a file, or in a database"
            )));
        }
        if !file.is_file() {
            return Err(Trouble::Unread(format!("there is no file `{path}`")));
        }
        open(file).map(Arc::new).map_err(|fault: StoreFault| Trouble::Unread(format!("`{path}`: {fault}")))
    }

    /// The door to it, for whoever only looks.
    pub(crate) fn port(&self) -> Result<Port, Trouble> {
        self.door(|file| SqliteStore::look_at(file))
    }

    /// The door to it, for whoever writes: a file of the format before is brought up to date.
    pub(crate) fn port_to_write(&self) -> Result<Port, Trouble> {
        self.door(|file| SqliteStore::open_existing(file))
    }

    fn door(&self, open: OpenFile) -> Result<Port, Trouble> {
        let store: Arc<dyn Store> = match self.opened(open)? {
            Opened::File(store) => store,
            Opened::Database(store) => store,
        };
        Port::open_namespace(store, &self.namespace).map_err(|error| Trouble::Unread(error.to_string()))
    }
}

/// How a file is opened.
type OpenFile = fn(&Path) -> Result<SqliteStore, StoreFault>;

/// A store that is there.
pub(crate) enum Opened {
    File(Arc<SqliteStore>),
    Database(Arc<PostgresStore>),
}

/// The database, where one is named. It may hold a password, so it is said nowhere.
pub(crate) fn url(named: &Path) -> Option<&str> {
    named.to_str().filter(|named| is_database(named))
}

/// Whether a file is a text that says where others are: no SQLite file begins like that.
fn is_json(file: &Path) -> bool {
    // Whatever else it is may have to be waited for.
    if !file.is_file() {
        return false;
    }
    let mut first = [0; 64];
    let read = std::fs::File::open(file).and_then(|mut file| file.read(&mut first));
    let first = first.iter().take(read.unwrap_or(0)).find(|byte| !byte.is_ascii_whitespace());
    first == Some(&b'{')
}

/// What a call is answered with; everything else is trouble.
pub(crate) fn asked(port: &Port, call: &Json) -> Result<Json, Trouble> {
    told_by(&port.call(&call.to_string()))
}

/// What an answer says, where it answers; everything else is trouble.
pub(crate) fn told_by(answer: &str) -> Result<Json, Trouble> {
    let answer: Json = serde_json::from_str(answer).map_err(|why| Trouble::Unread(why.to_string()))?;
    if let Some(ok) = answer.get("ok") {
        return Ok(ok.clone());
    }
    let wrong = ["/fault/message", "/refused/message", "/invalid/0/message"];
    let words = wrong.iter().find_map(|at| answer.pointer(at)?.as_str());
    Err(Trouble::Unread(words.map_or_else(|| answer.to_string(), str::to_owned)))
}

/// The whole record or what follows of an export, page by page. `list` is the field that a page stands in.
pub(crate) fn pages(
    port: &Port,
    call: &str,
    list: &str,
    mut each: impl FnMut(&Json) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let mut after = 0_u64;
    loop {
        let page = asked(port, &json!({"call": call, "after": after, "limit": PAGE}))?;
        let lines = page.get(list).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        let Some(last) = lines.last() else { return Ok(()) };
        for line in lines {
            each(line)?;
        }
        match last.get("position").and_then(Json::as_u64) {
            Some(position) if position > after => after = position,
            Some(_) | None => return Err(Trouble::Unread("the record does not go on".to_owned())),
        }
    }
}

/// How a verb ended: trouble is told where errors are told.
pub(crate) fn ended(done: Result<End, Trouble>) -> io::Result<End> {
    match done {
        Ok(end) => Ok(end),
        Err(Trouble::Unread(words)) => {
            anstream::eprintln!("tenure: {}", tenure_scenario::trouble::tame(&words));
            Ok(End::Unread)
        }
        Err(Trouble::Unwritten(error)) => Err(error),
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Unwritten(error)
    }
}
