//! The tables of a namespace, as they move from database to database: page by page, whatever stands in them.
//!
//! A page is told from another one by a digest that each server makes of its own rows, so what is there already is not
//! sent again.

/// A table, with the statements that its pages need. `$1` is the key of the namespace, `$2` what a page comes after, `$3`
/// its last key.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// What every key comes after.
    pub(crate) first: &'static [&'static str],
    /// The last key of the next page; nothing where the rest is less than a page.
    pub(crate) last: &'static str,
    pub(crate) page: Page,
    pub(crate) rest: Page,
    /// Rows as JSON, put in the table under the key of their namespace there.
    pub(crate) insert: &'static str,
}

/// Some rows of a table that stand together.
pub(crate) struct Page {
    /// How many they are, and what they say.
    pub(crate) digest: &'static str,
    pub(crate) rows: &'static str,
    pub(crate) delete: &'static str,
}

/// What comes before every number.
const NO_NUMBER: &str = "-9223372036854775808";
const NO_SMALL: &str = "-32768";

macro_rules! page {
    ($name:literal, $keys:expr, $range:expr) => {
        Page {
            digest: concat!(
                "SELECT count(*), coalesce(md5(string_agg((to_jsonb(t) - 'ns')::text, ',' ORDER BY ",
                $keys,
                ")), '') \
                 FROM tenure.",
                $name,
                " t WHERE t.ns = $1 AND ",
                $range
            ),
            rows: concat!(
                "SELECT (to_jsonb(t) - 'ns')::text FROM tenure.",
                $name,
                " t WHERE t.ns = $1 AND ",
                $range
            ),
            delete: concat!("DELETE FROM tenure.", $name, " t WHERE t.ns = $1 AND ", $range),
        }
    };
}

macro_rules! table {
    ($name:literal, $at_once:literal, [$($first:expr),+], $key:literal $kind:literal $place:literal
        $(, $more:literal $more_kind:literal $more_place:literal)*) => {
        Table {
            name: $name,
            first: &[$($first),+],
            last: concat!(
                "SELECT ARRAY[t.", $key, "::text", $(", t.", $more, "::text",)* "] FROM tenure.", $name,
                " t WHERE t.ns = $1 AND (t.", $key, $(", t.", $more,)* ") > (($2::text[])[", $place, "]::", $kind,
                $(", ($2::text[])[", $more_place, "]::", $more_kind,)*
                ") ORDER BY t.", $key, $(", t.", $more,)* " OFFSET ", $at_once, " LIMIT 1"
            ),
            page: page!(
                $name,
                concat!("t.", $key, $(", t.", $more,)*),
                concat!(
                    "(t.", $key, $(", t.", $more,)* ") > (($2::text[])[", $place, "]::", $kind,
                    $(", ($2::text[])[", $more_place, "]::", $more_kind,)*
                    ") AND (t.", $key, $(", t.", $more,)* ") <= (($3::text[])[", $place, "]::", $kind,
                    $(", ($3::text[])[", $more_place, "]::", $more_kind,)* ")"
                )
            ),
            rest: page!(
                $name,
                concat!("t.", $key, $(", t.", $more,)*),
                concat!(
                    "(t.", $key, $(", t.", $more,)* ") > (($2::text[])[", $place, "]::", $kind,
                    $(", ($2::text[])[", $more_place, "]::", $more_kind,)* ")"
                )
            ),
            insert: concat!(
                "INSERT INTO tenure.", $name, " SELECT r.* FROM unnest($2::text[]) w (said), LATERAL \
                 jsonb_populate_record(NULL::tenure.", $name, ", w.said::jsonb || jsonb_build_object('ns', $1::bigint)) r"
            ),
        }
    };
}

/// All of them but what is made anew or said in one row. The largest comes first: most of it never changes.
pub(crate) const TABLES: &[Table] = &[
    table!("record", "1000", [NO_NUMBER], "position" "bigint" "1"),
    table!("receipt", "1000", [""], "command" "text" "1"),
    table!("grants", "1000", [""], "id" "text" "1"),
    table!(
        "span", "4000", ["", "", NO_NUMBER, ""],
        "item" "text" "1", "person" "text" "2", "until" "bigint" "3", "holding" "text" "4"
    ),
    table!("name", "4000", [NO_SMALL, ""], "kind" "smallint" "1", "text" "text" "2"),
    table!("open_on", "4000", [NO_SMALL, "", ""], "kind" "smallint" "1", "text" "text" "2", "holding" "text" "3"),
    table!("awaited", "4000", ["", ""], "person" "text" "1", "place" "text" "2"),
    table!("revocation", "4000", [""], "command" "text" "1"),
    table!("refusal", "4000", ["", ""], "actor" "text" "1", "code" "text" "2"),
    table!("document", "8", [NO_NUMBER], "number" "bigint" "1"),
    table!(
        "parked", "1000", [NO_NUMBER, "", "-2147483648"],
        "ordered" "bigint" "1", "tx" "text" "2", "number" "integer" "3"
    ),
];
