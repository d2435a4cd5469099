//! Functions in Python, JavaScript and C, found by how their sources are laid out: a body is indented, and what closes it
//! stands under what opened it. No parser of three languages is worth a count of lines.

use crate::sizes::Function;

/// The languages beside Rust that sources of ours are written in, by the ending of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Python,
    JavaScript,
    C,
}

/// Words before a bracket that make no function.
const NO_NAMES: &[&str] =
    &["if", "for", "while", "switch", "catch", "return", "await", "else", "do", "typeof"];

impl Language {
    pub(crate) fn of(ending: &str) -> Option<Self> {
        match ending {
            "py" | "pyi" => Some(Self::Python),
            "js" | "mjs" | "ts" | "mts" => Some(Self::JavaScript),
            "c" | "h" | "cpp" | "hpp" => Some(Self::C),
            _ => None,
        }
    }

    pub(crate) fn functions(self, text: &str) -> Vec<Function> {
        let lines: Vec<&str> = text.lines().collect();
        let begun = lines.iter().enumerate().filter_map(|(place, line)| {
            let (name, body) = match self {
                Self::Python => (definition(line)?, place),
                Self::JavaScript => (opening(line)?, place),
                // Its brace may stand alone, below what it is the body of.
                Self::C if *line == "{" => (named(lines.get(place.checked_sub(1)?)?)?, place),
                Self::C => (opening(line)?, place),
            };
            Some((name, body))
        });
        begun
            .filter_map(|(name, body)| {
                let (before, after) = lines.split_at_checked(body.saturating_add(1))?;
                let indented = indent(before.last()?);
                let more = match self {
                    Self::Python => python_body(after, indented),
                    Self::JavaScript | Self::C => {
                        let closes = |line: &&str| indent(line) == indented && line.trim().starts_with('}');
                        after.iter().position(closes)?.saturating_add(1)
                    }
                };
                Some(Function { name, line: body.saturating_add(1), lines: more.saturating_add(1) })
            })
            .collect()
    }
}

fn indent(line: &str) -> usize {
    line.len().saturating_sub(line.trim_start().len())
}

/// The name that a line of Python defines.
fn definition(line: &str) -> Option<String> {
    let words = line.trim_start();
    let rest = words.strip_prefix("async ").unwrap_or(words).strip_prefix("def ")?;
    Some(rest.split('(').next()?.to_owned())
}

/// How many of the lines below belong to it: those that are indented deeper, and the bracket that ends its arguments.
fn python_body(after: &[&str], indented: usize) -> usize {
    let within =
        |line: &&str| line.trim().is_empty() || indent(line) > indented || line.trim_start().starts_with(')');
    let all = after.iter().take_while(|line| within(line)).count();
    let empty = after.iter().take(all).rev().take_while(|line| line.trim().is_empty()).count();
    all.saturating_sub(empty)
}

/// The name of the function whose body this line opens.
fn opening(line: &str) -> Option<String> {
    let head = line.trim().strip_suffix('{')?;
    if head.trim_end().ends_with("=>") {
        // What it is called stands before, or nowhere.
        return Some(head.split(['=', '(']).next()?.trim().trim_start_matches("export ").to_owned());
    }
    named(head)
}

/// The word before the first bracket of something that is no control flow.
fn named(head: &str) -> Option<String> {
    let before = head.split_once('(')?.0.trim_end();
    let first = before.trim_start_matches('}').split_whitespace().next()?;
    let name = before.rsplit(|c: char| !(c.is_alphanumeric() || c == '_' || c == '#')).next()?;
    (!name.is_empty() && !NO_NAMES.contains(&first) && !NO_NAMES.contains(&name)).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(language: Language, text: &str) -> Vec<(String, usize, usize)> {
        let found = language.functions(text).into_iter();
        found.map(|function| (function.name, function.line, function.lines)).collect()
    }

    fn expected(functions: &[(&str, usize, usize)]) -> Vec<(String, usize, usize)> {
        functions.iter().map(|(name, line, lines)| ((*name).to_owned(), *line, *lines)).collect()
    }

    #[test]
    fn python_is_measured_by_its_indentation() {
        let text = "import a\n\ndef one(\n    b,\n) -> int:\n    return b\n\n\nclass C:\n    async def two(self):\n        \
                    x\n\n        y\n\n    def three(self): ...\n";
        assert_eq!(
            measured(Language::Python, text),
            expected(&[("one", 3, 4), ("two", 10, 4), ("three", 15, 1)])
        );
    }

    #[test]
    fn javascript_is_measured_from_brace_to_brace() {
        let text = "function one(a) {\n  if (a) {\n    b();\n  } else {\n    c();\n  }\n}\nclass C {\n  async two() {\n    \
                    d();\n  }\n}\nexport const three = async (e) => {\n  f();\n};\n";
        assert_eq!(
            measured(Language::JavaScript, text),
            expected(&[("one", 1, 7), ("two", 9, 3), ("const three", 13, 3)])
        );
    }

    #[test]
    fn c_is_measured_wherever_its_brace_stands() {
        let text = "static int one(void)\n{\n    while (a) {\n        b();\n    }\n    return 0;\n}\nstruct s {\n    int c;\n};\nint \
                    main() {\n    return 0;\n}\n";
        assert_eq!(measured(Language::C, text), expected(&[("one", 2, 6), ("main", 11, 3)]));
    }
}
