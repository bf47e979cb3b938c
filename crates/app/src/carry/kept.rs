//! A file between being sent and being carried in: kept among the records, so that any server can go on with it. Everyone has
//! one at most.

use crate::{App, Error, Reading};

/// Characters of one piece: so few that nobody waits long for its writing.
const PIECE: usize = 1024 * 1024;

/// Keeps the bytes for a user in place of what was kept before; they are asked for by what is returned.
///
/// # Errors
/// The store's.
pub fn put(app: &App, user: &str, bytes: &[u8]) -> Result<String, Error> {
    take_away(app, user)?;
    let id = hex(&app.random::<16>());
    let text = hex(bytes);
    let pieces: Vec<String> =
        text.as_bytes().chunks(PIECE).map(|piece| String::from_utf8_lossy(piece).into_owned()).collect();
    let head = format!("{id} {}", pieces.len());
    for (at, piece) in pieces.into_iter().enumerate() {
        let name = name(user, Some(at));
        app.write(move |cx| Ok(store::setting::set(cx.tx, &name, &piece)?))?;
    }
    let name = name(user, None);
    app.write(move |cx| Ok(store::setting::set(cx.tx, &name, &head)?))?;
    Ok(id)
}

/// What is kept for the user under that name; none: it is no longer there.
///
/// # Errors
/// The store's.
pub fn get(cx: &Reading, user: &str, id: &str) -> Result<Option<Vec<u8>>, Error> {
    let Some(head) = store::setting::get(cx.tx, &name(user, None))? else { return Ok(None) };
    let Some((known, count)) = head.split_once(' ') else { return Ok(None) };
    if known != id {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    for at in 0..count.parse().unwrap_or(0) {
        let Some(piece) = store::setting::get(cx.tx, &name(user, Some(at)))? else { return Ok(None) };
        bytes.extend(unhex(&piece));
    }
    Ok(Some(bytes))
}

/// Keeps nothing for the user any more.
///
/// # Errors
/// The store's.
pub fn take_away(app: &App, user: &str) -> Result<(), Error> {
    let head = name(user, None);
    let Some(text) = app.read(|cx| Ok(store::setting::get(cx.tx, &head)?))? else { return Ok(()) };
    let count: usize = text.split_once(' ').and_then(|(_, count)| count.parse().ok()).unwrap_or(0);
    let user = user.to_owned();
    app.write(move |cx| {
        for at in (0..count).map(Some).chain([None]) {
            store::setting::remove(cx.tx, &name(&user, at))?;
        }
        Ok(())
    })
}

fn name(user: &str, piece: Option<usize>) -> String {
    match piece {
        None => format!("import of {user}"),
        Some(at) => format!("import of {user}, {at}"),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// The bytes that [`hex`] wrote.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0);
    text.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}
