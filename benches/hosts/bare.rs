//! The bare loop: rows as the store writes them, in as many round trips, and nothing decided.

use std::sync::Mutex;

use futures_util::future::join_all;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Statement};

const SQL: [&str; 18] = [
    "SELECT n.key, gen_random_uuid()::text FROM tenure.namespace n WHERE n.name = $1 FOR KEY SHARE OF n",
    "SELECT DISTINCT holder FROM tenure.grants WHERE ns = $1 AND id = ANY($2)",
    "SELECT n.kind, n.text FROM unnest($2::smallint[], $3::text[]) w (kind, text) JOIN tenure.name n \
     ON n.ns = $1 AND n.kind = w.kind AND n.text = w.text ORDER BY n.kind, n.text FOR UPDATE OF n",
    "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
    "SELECT command, body FROM tenure.receipt WHERE ns = $1 AND command = ANY($2)",
    "SELECT id, state, reached, ordered FROM tenure.grants WHERE ns = $1 AND id = ANY($2)",
    "SELECT id, state, reached, ordered FROM tenure.grants WHERE ns = $1 AND holder = ANY($2) AND unsettled",
    "SELECT n.kind, n.text FROM unnest($2::smallint[], $3::text[]) w (kind, text) JOIN tenure.name n \
     ON n.ns = $1 AND n.kind = w.kind AND n.text = w.text ORDER BY n.kind, n.text FOR KEY SHARE OF n",
    "INSERT INTO tenure.grants (ns, ordered, id, holder, requester, flow, changed, open, awaiting, unsettled, state) \
     SELECT $1, 0, w.id, w.holder, w.holder, 'automatic', 0, true, false, true, $4 \
     FROM unnest($2::text[], $3::text[]) w (id, holder)",
    "INSERT INTO tenure.open_on (ns, kind, text, holding) SELECT $1, 2, 'automatic', * FROM unnest($2::text[])",
    "INSERT INTO tenure.open_on (ns, kind, text, holding) SELECT $1, 3, 'an item', * FROM unnest($2::text[])",
    "INSERT INTO tenure.open_on (ns, kind, text, holding) SELECT $1, 4, 'pg', * FROM unnest($2::text[])",
    "INSERT INTO tenure.span (ns, item, person, until, holding, since) \
     SELECT $1, 'an item', w.holder, 0, w.id, 0 FROM unnest($2::text[], $3::text[]) w (id, holder)",
    "INSERT INTO tenure.awaited (ns, person, place, at) SELECT $1, w.holder, p, 0 FROM unnest($2::text[]) w (holder) \
     CROSS JOIN unnest(ARRAY['due', 'any', 'notice', 'at:pg']) p ON CONFLICT (ns, person, place) DO UPDATE SET at = excluded.at",
    "INSERT INTO tenure.pending (ns, ordered, tx, number, happened, draft, salt) SELECT $1, 0, $2, w.number, 0, $4, '' \
     FROM unnest($3::integer[]) w (number)",
    "INSERT INTO tenure.receipt (ns, command, body) SELECT $1, w.command, $3 FROM unnest($2::text[]) w (command)",
    "SELECT set_config('statement_timeout', '0', true)",
    "SELECT s.until, s.holding FROM tenure.span s WHERE s.ns = $1 AND s.item = 'an item' AND s.person = $2 AND s.until > $3",
];

/// Connections, and what rows are made of.
pub(crate) struct Bare {
    url: String,
    free: Mutex<Vec<Connected>>,
    state: String,
    draft: String,
    body: String,
    key: i64,
}

struct Connected {
    runtime: Runtime,
    client: Client,
    statements: Vec<Statement>,
}

type Values<'a> = Vec<&'a (dyn ToSql + Sync)>;

impl Bare {
    /// In a database of its own, with texts as they are kept in that one.
    pub(crate) fn new(url: &str, kept: [String; 3]) -> Self {
        let [state, draft, body] = kept;
        let bare = Self { url: url.to_owned(), free: Mutex::default(), state, draft, body, key: 0 };
        let connected = bare.connected();
        let set_up = "INSERT INTO tenure.namespace (name, documents) VALUES ('bare', 0); \
            INSERT INTO tenure.name SELECT n.key, 1, 'p' || p FROM tenure.namespace n CROSS JOIN generate_series(0, 49999) p; \
            INSERT INTO tenure.name SELECT n.key, k, t FROM tenure.namespace n CROSS JOIN \
            (VALUES (2, 'automatic'), (3, 'an item'), (4, 'pg')) w (k, t); ANALYZE";
        connected.runtime.block_on(connected.client.batch_execute(set_up)).unwrap();
        let row =
            connected.runtime.block_on(connected.client.query_one("SELECT key FROM tenure.namespace", &[]));
        Self { key: row.unwrap().get(0), ..bare }
    }

    fn connected(&self) -> Connected {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (client, connection) = runtime.block_on(tokio_postgres::connect(&self.url, NoTls)).unwrap();
        runtime.spawn(connection);
        let settings = "SET enable_seqscan = off; SET jit = off; SET plan_cache_mode = force_generic_plan; \
             SET statement_timeout = 10000; SET lock_timeout = 3000";
        runtime.block_on(client.batch_execute(settings)).unwrap();
        let statements = SQL.map(|sql| runtime.block_on(client.prepare(sql)).unwrap()).into();
        Connected { runtime, client, statements }
    }

    fn with(&self, work: impl FnOnce(&Connected)) {
        let free = self.free.lock().unwrap().pop();
        let connected = free.unwrap_or_else(|| self.connected());
        work(&connected);
        self.free.lock().unwrap().push(connected);
    }

    /// Rows of so many requests, in one transaction.
    pub(crate) fn write(&self, first: u64, requests: u64) {
        let numbers = first..first + requests;
        let ids: Vec<String> = numbers.clone().map(|number| format!("b{first}-{number}")).collect();
        let mut people: Vec<String> =
            numbers.clone().map(|number| format!("p{}", number % crate::PEOPLE)).collect();
        people.sort();
        let kinds = vec![1_i16; people.len()];
        let (place_kinds, places) = (vec![2_i16, 3, 4], vec!["automatic", "an item", "pg"]);
        let lines: Vec<i32> = (0..i32::try_from(requests).unwrap() * 3).collect();
        let tx = format!("t{first}");
        let key = &self.key;
        self.with(|on| {
            on.all(Some("BEGIN"), vec![(0, vec![&"bare"])], None);
            on.all(None, vec![(1, vec![key, &ids])], None);
            on.all(None, vec![(2, vec![key, &kinds, &people]), (3, vec![])], None);
            let load: Vec<(usize, Values<'_>)> =
                vec![(3, vec![]), (4, vec![key, &ids]), (5, vec![key, &ids]), (6, vec![key, &people])];
            on.all(None, load, None);
            on.all(None, vec![(7, vec![key, &place_kinds, &places]), (3, vec![])], None);
            let writes: Vec<(usize, Values<'_>)> = vec![
                (8, vec![key, &ids, &people, &self.state]),
                (9, vec![key, &ids]),
                (10, vec![key, &ids]),
                (11, vec![key, &ids]),
                (12, vec![key, &ids, &people]),
                (13, vec![key, &people]),
                (14, vec![key, &tx, &lines, &self.draft]),
                (15, vec![key, &ids, &self.body]),
                (16, vec![]),
            ];
            on.all(None, writes, Some("COMMIT"));
        });
    }

    /// One question by an index.
    pub(crate) fn ask(&self) {
        self.with(|on| on.all(None, vec![(17, vec![&self.key, &"p1", &i64::MIN])], None));
    }
}

impl Connected {
    fn all(&self, first: Option<&str>, asks: Vec<(usize, Values<'_>)>, last: Option<&str>) {
        let plain = |sql: Option<String>| async move {
            if let Some(sql) = sql {
                self.client.batch_execute(&sql).await.unwrap();
            }
        };
        let asks = asks.into_iter().map(|(statement, values)| async move {
            self.client.query(self.statements.get(statement).unwrap(), &values).await.unwrap();
        });
        self.runtime.block_on(async {
            let begun = plain(first.map(str::to_owned));
            let ended = plain(last.map(str::to_owned));
            futures_util::future::join3(begun, join_all(asks), ended).await;
        });
    }
}
