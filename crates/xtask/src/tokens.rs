//! Rust sources as flat lists of tokens. Comments and the insides of strings are gone; bodies of macros are there,
//! so that a function inside `proptest!` counts as any other.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What a check looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    Sign(char),
    /// A literal, whatever it says.
    Literal,
    /// A bracketed group: where its tokens come to an end in the list, and on which line it closes.
    Group {
        braces: bool,
        after: usize,
        closes_on: usize,
    },
}

/// A token and the line it begins on.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) token: Token,
    pub(crate) line: usize,
}

/// The tokens of a source in their order, each group followed by what it holds.
pub(crate) fn read(text: &str) -> Result<Vec<Placed>, String> {
    let stream: TokenStream = text.parse().map_err(|trouble: proc_macro2::LexError| {
        format!("line {}: not Rust: {trouble}", trouble.span().start().line)
    })?;
    let mut placed: Vec<Placed> = Vec::new();
    // The groups that are open, innermost last: their place in the list and what is left of them.
    let mut open = vec![(None, stream.into_iter())];
    while let Some((group, rest)) = open.last_mut() {
        let Some(tree) = rest.next() else {
            let (group, after) = (*group, placed.len());
            open.pop();
            let begun = group.and_then(|place: usize| placed.get_mut(place));
            if let Some(Placed { token: Token::Group { after: end, .. }, .. }) = begun {
                *end = after;
            }
            continue;
        };
        let line = tree.span().start().line;
        let token = match tree {
            TokenTree::Ident(word) => Token::Word(word.to_string()),
            TokenTree::Punct(sign) => Token::Sign(sign.as_char()),
            TokenTree::Literal(_) => Token::Literal,
            TokenTree::Group(group) => {
                open.push((Some(placed.len()), group.stream().into_iter()));
                let braces = group.delimiter() == Delimiter::Brace;
                Token::Group { braces, after: 0, closes_on: group.span_close().end().line }
            }
        };
        placed.push(Placed { token, line });
    }
    Ok(placed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_says_where_it_ends() {
        let tokens = read("fn a() {\n b(c)\n}\nd").unwrap();
        let words: Vec<_> = tokens
            .iter()
            .filter_map(|placed| match &placed.token {
                Token::Word(word) => Some((word.as_str(), placed.line)),
                Token::Sign(_) | Token::Literal | Token::Group { .. } => None,
            })
            .collect();
        assert_eq!(words, [("fn", 1), ("a", 1), ("b", 2), ("c", 2), ("d", 4)]);
        // fn a () {} b () c d: the braces at 3 hold 4, 5 and 6, and close on line 3.
        assert_eq!(tokens[3].token, Token::Group { braces: true, after: 7, closes_on: 3 });
    }

    #[test]
    fn comments_are_gone_and_strings_say_nothing() {
        let tokens = read("// Instant\n/* now */ \"Instant::now()\"").unwrap();
        assert_eq!(tokens.len(), 1);
        assert_eq!(tokens[0].token, Token::Literal);
    }

    #[test]
    fn what_is_not_rust_is_told_with_its_line() {
        assert!(read("fn a() {}\nfn b( {").unwrap_err().starts_with("line 2: "));
    }
}
