//! Decimal numbers as they are written: their significant digits and decimals are counted before anything is binary.

/// A decimal as written, without its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Decimal {
    pub(crate) value: f64,
    /// Digits between the first and the last that are not zero.
    pub(crate) significant: usize,
    /// Digits after the point, without zeros at the end.
    pub(crate) decimals: usize,
}

/// Reads `-12.50`, `1e3`; nothing that is not finite.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    let text = text.trim_start_matches('+');
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.trim_start_matches('+').parse::<i32>().ok()?),
        None => (text, 0),
    };
    let digits = mantissa.trim_start_matches('-');
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all: String = [whole, fraction].concat();
    if all.is_empty() || !all.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite())?;
    let trailing = all.len() - all.trim_end_matches('0').len();
    let significant = all.trim_matches('0').len();
    let after_point = i32::try_from(fraction.len()).ok()? - i32::try_from(trailing).ok()? - exponent;
    let decimals = if significant == 0 { 0 } else { usize::try_from(after_point).unwrap_or(0) };
    Some(Decimal { value, significant, decimals })
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn digits_are_counted_as_written() {
        let check = |text: &str, significant, decimals| {
            let found = decimal(text).map(|found| (found.significant, found.decimals));
            assert_eq!(found, Some((significant, decimals)), "{text}");
        };
        check("0", 0, 0);
        check("100", 1, 0);
        check("-12.50", 3, 1);
        check("0.001", 1, 3);
        check("1.5e3", 2, 0);
        check("1.234e1", 4, 2);
        check("1e-3", 1, 3);
        check("123456789012345", 15, 0);
        check("+1.0", 1, 0);
        for text in ["", "-", "x", "nan", "inf", "1e999", "1.2.3", "1e", "--1"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }
}
