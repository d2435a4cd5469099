//! The types that a document declares for what conditions see.

#[cfg(feature = "cedar")]
pub(super) use self::typed::read;
#[cfg(not(feature = "cedar"))]
pub(super) use self::untyped::read;

#[cfg(feature = "cedar")]
mod typed {
    use crate::condition::{AttributeTypes, BadType, Field, Fields};
    use crate::decode::reader::Reader;
    use crate::decode::shape;
    use crate::document::{Node, Path, Value};
    use crate::problem::{Code, brief};

    const TYPES: &str = "types are `string`, `bool`, `long`, `[string]`, or fields with their types";

    pub(in crate::decode) fn read(reader: &mut Reader, node: &Node, path: &Path<'_>) {
        let Some(fields) = reader.fields(node, path, &shape::ATTRIBUTES) else { return };
        let before = reader.is_broken(&path.to_string());
        let mut section = |name| fields.maybe(reader, path, name, record).unwrap_or_default();
        let (principal, resource, context) = (section("principal"), section("resource"), section("context"));
        match AttributeTypes::new(principal, resource, context) {
            // Types that could not be read whole would call good conditions wrong.
            Ok(types) if !before && !reader.is_broken(&path.to_string()) => reader.types = Some(types),
            Ok(_) => {}
            Err(wrong) => {
                for bad in &wrong {
                    note(reader, node, path, &bad.place, bad);
                }
            }
        }
    }

    /// Goes down to the field that is meant, as far as the document has it, and says it there.
    fn note(reader: &mut Reader, node: &Node, path: &Path<'_>, names: &[String], bad: &BadType) {
        if let Some((name, rest)) = names.split_first()
            && let Some(entry) = node.entry(name).or_else(|| node.entry(&format!("{name}?")))
        {
            return note(reader, &entry.node, &path.key(&entry.key), rest, bad);
        }
        let help = bad.help.as_deref().unwrap_or(TYPES);
        reader.problem(Code::OutOfRange, path, node.place, brief(&bad.message), help);
    }

    fn record(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Fields> {
        let entries = reader.entries(node, path)?;
        let mut fields = Fields::new();
        for entry in entries {
            if let Some(field) = field(reader, &entry.node, &path.key(&entry.key)) {
                fields.insert(entry.key.clone(), field);
            }
        }
        Some(fields)
    }

    fn parsed(reader: &mut Reader, text: &str, node: &Node, path: &Path<'_>) -> Option<Field> {
        Field::parse(text)
            .map_err(|bad| {
                let help = bad.help.as_deref().unwrap_or(TYPES);
                reader.problem(Code::OutOfRange, path, node.place, brief(&bad.message), help);
            })
            .ok()
    }

    fn field(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Field> {
        match &node.value {
            Value::Map(_) => record(reader, node, path).map(Field::record),
            Value::Text(text) => parsed(reader, text, node, path),
            // `[string]` in YAML is a list of one text; in quotes it says the same.
            Value::List(items) => match items.as_slice() {
                [Node { value: Value::Text(of), .. }] => parsed(reader, &format!("[{of}]"), node, path),
                _ => {
                    let help = "write `[string]`: a set is of one type";
                    let message = format!("the list in `{}` is no type", path.field());
                    reader.problem(Code::OutOfRange, path, node.place, message, help);
                    None
                }
            },
            Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) => {
                reader.wrong(node, path, "a text such as `string`, or fields with their types")
            }
        }
    }
}

#[cfg(not(feature = "cedar"))]
mod untyped {
    use crate::decode::reader::Reader;
    use crate::decode::shape;
    use crate::document::{Node, Path};
    use crate::problem::Code;

    pub(in crate::decode) fn read(reader: &mut Reader, node: &Node, path: &Path<'_>) {
        if reader.fields(node, path, &shape::ATTRIBUTES).is_none() {
            return;
        }
        let help = "build it with the feature `cedar`, or leave `attributes` out";
        let message = "this build of the library knows no conditions, and so no types for them";
        reader.problem(Code::Unsupported, path, node.place, message, help);
    }
}
