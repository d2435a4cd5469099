//! Access without approval in an emergency.

use tenure_core::flow::BreakGlass;
use tenure_core::limits::SPAN_MIN_DEFAULT;

use super::reader::Reader;
use super::{people, shape};
use crate::document::{Node, Path};

pub(super) fn read(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<BreakGlass> {
    let fields = reader.fields(node, path, &shape::BREAK_GLASS)?;
    let who = fields.must(reader, path, "who", "say who may break it", people::list);
    let max = fields.must(reader, path, "max", "nothing is indefinite", Reader::span);
    let review_within = fields.must(reader, path, "review_within", "each use is reviewed", Reader::span);
    let review_by = fields.must(reader, path, "review_by", "say who reviews", people::list);
    Some(BreakGlass {
        who: who.unwrap_or_default(),
        max: max.unwrap_or(SPAN_MIN_DEFAULT),
        extendable: fields.maybe(reader, path, "extendable", Reader::truth).unwrap_or(false),
        review_within: review_within.unwrap_or(SPAN_MIN_DEFAULT),
        review_by: review_by.unwrap_or_default(),
    })
}
