//! What a check came to.

/// Notes for the reader, and the findings that make the check fail.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) notes: Vec<String>,
    pub(crate) findings: Vec<String>,
}

impl Verdict {
    pub(crate) fn holds(&self) -> bool {
        self.findings.is_empty()
    }

    pub(crate) fn print(&self) {
        for note in &self.notes {
            println!("  {note}");
        }
        for finding in &self.findings {
            println!("  not so: {finding}");
        }
    }
}
