//! Sentences that can be said in more than one language.

use std::fmt::{Display, Formatter, Result, Write as _};

/// A sentence about a flow file: its English pattern, and what stands in it. [`Display`] says it in English; who speaks
/// another language looks the pattern up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pattern: &'static str,
    args: Vec<Arg>,
}

/// What stands in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// Names, values, what the file's author wrote: the same in every language.
    Text(String),
    /// Words that are said in the language of the whole.
    Said(Said),
}

/// `said!("there is no field \"{}\"", key)`: each `{}` takes an argument, `{{` and `}}` are braces. The only way to make a
/// [`Said`]: the test in `web` finds every pattern by it.
macro_rules! said {
    ($pattern:literal $(, $arg:expr)* $(,)?) => {
        $crate::said::Said::new($pattern, vec![$($crate::said::ToArg::to_arg(&$arg)),*])
    };
}
pub(crate) use said;

/// What can stand in a sentence.
pub(crate) trait ToArg {
    fn to_arg(&self) -> Arg;
}

impl Said {
    pub(crate) fn new(pattern: &'static str, args: Vec<Arg>) -> Said {
        Said { pattern, args }
    }

    /// The English pattern: `{}` where an argument stands, `{{` and `}}` for braces.
    #[must_use]
    pub fn pattern(&self) -> &'static str {
        self.pattern
    }

    /// What stands in it, in the order of the English pattern.
    #[must_use]
    pub fn args(&self) -> &[Arg] {
        &self.args
    }
}

impl Display for Said {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let (mut rest, mut args) = (self.pattern, self.args.iter());
        while let Some(at) = rest.find(['{', '}']) {
            f.write_str(&rest[..at])?;
            match (rest[at..].starts_with("{}"), args.as_slice()) {
                (true, [_, ..]) => args.next().map_or(Ok(()), |arg| arg.fmt(f))?,
                _ => f.write_char(if rest[at..].starts_with('{') { '{' } else { '}' })?,
            }
            rest = rest.get(at + 2..).unwrap_or_default();
        }
        f.write_str(rest)
    }
}

impl Display for Arg {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Arg::Text(text) => f.write_str(text),
            Arg::Said(said) => said.fmt(f),
        }
    }
}

impl ToArg for Said {
    fn to_arg(&self) -> Arg {
        Arg::Said(self.clone())
    }
}

impl ToArg for Arg {
    fn to_arg(&self) -> Arg {
        self.clone()
    }
}

impl<T: ToArg + ?Sized> ToArg for &T {
    fn to_arg(&self) -> Arg {
        (**self).to_arg()
    }
}

/// What is written the same in every language.
macro_rules! texts {
    ($($kind:ty),*) => {$(
        impl ToArg for $kind {
            fn to_arg(&self) -> Arg {
                Arg::Text(self.to_string())
            }
        }
    )*};
}
texts!(str, String, std::borrow::Cow<'_, str>, usize, u32, f64);

#[cfg(test)]
mod tests {

    #[test]
    fn in_english() {
        let inner = said!("did you mean \"{}\"?", "x");
        assert_eq!(said!("no {}; {}", 3_usize, inner).to_string(), "no 3; did you mean \"x\"?");
        assert_eq!(said!("write {} = {{ … }}", "a").to_string(), "write a = { … }");
        assert_eq!(said!("nothing").to_string(), "nothing");
        assert_eq!(said!("{}", "{} {{").to_string(), "{} {{", "what stands in it is no pattern");
    }
}
