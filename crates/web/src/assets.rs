//! Static files: embedded in the binary, served with a hash of their content in the name, so that browsers keep them for
//! ever; compressed once, when first asked for.

use std::{
    io::Write as _,
    sync::{LazyLock, OnceLock},
};

use sha2::{Digest as _, Sha256};

/// One static file.
pub struct Asset {
    /// `/static/app.1a2b3c4d5e.js`
    pub path: String,
    /// For `Content-Type`.
    pub media_type: &'static str,
    /// As it stands in the repository.
    pub bytes: &'static [u8],
    brotli: OnceLock<Vec<u8>>,
    gzip: OnceLock<Vec<u8>>,
}

/// How a client takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// `br`
    Brotli,
    /// `gzip`
    Gzip,
    /// As it stands.
    Identity,
}

/// The paths that pages name.
pub struct Paths {
    /// Tabler's style sheet.
    pub tabler: &'static str,
    /// Tom Select's style sheet.
    pub tom_select_css: &'static str,
    /// Our own style sheet.
    pub app_css: &'static str,
    /// Sets the colour scheme before the first paint.
    pub theme: &'static str,
    /// htmx.
    pub htmx: &'static str,
    /// Tom Select.
    pub tom_select: &'static str,
    /// Our own script.
    pub app: &'static str,
    /// What shows how far a file is that is carried in.
    pub import: &'static str,
    /// What completes a query while it is typed.
    pub query: &'static str,
    /// How an open page follows changes.
    pub live: &'static str,
    /// Moves cards on a board.
    pub board: &'static str,
    /// ECharts: on the pages of statistics alone.
    pub echarts: &'static str,
    /// Sends what is typed into the designer, and moves its rows.
    pub design: &'static str,
    /// Draws the charts beside their tables.
    pub stats: &'static str,
    /// The sprite of icons.
    pub icons: &'static str,
    /// The icon of the browser's tab.
    pub favicon: &'static str,
}

/// To add a file: a row here, a field of [`Paths`].
static ASSETS: LazyLock<[Asset; 16]> = LazyLock::new(|| {
    const CSS: &str = "text/css; charset=utf-8";
    const JS: &str = "text/javascript; charset=utf-8";
    const SVG: &str = "image/svg+xml";
    [
        asset("tabler", "css", CSS, include_bytes!(concat!(env!("OUT_DIR"), "/tabler.css"))),
        asset(
            "tom-select",
            "css",
            CSS,
            include_bytes!("../static/vendor/tom-select/tom-select-2.6.2.bootstrap5.min.css"),
        ),
        asset("app", "css", CSS, include_bytes!("../static/app.css")),
        asset("theme", "js", JS, include_bytes!("../static/theme.js")),
        asset("htmx", "js", JS, include_bytes!("../static/vendor/htmx/htmx-4.0.1.min.js")),
        asset("tom-select", "js", JS, include_bytes!("../static/vendor/tom-select/tom-select-2.6.2.base.min.js")),
        asset("app", "js", JS, include_bytes!("../static/app.js")),
        asset("query", "js", JS, include_bytes!("../static/query.js")),
        asset("import", "js", JS, include_bytes!("../static/import.js")),
        asset("live", "js", JS, include_bytes!("../static/live.js")),
        asset("board", "js", JS, include_bytes!("../static/board.js")),
        asset("design", "js", JS, include_bytes!("../static/design.js")),
        asset("echarts", "js", JS, include_bytes!("../static/vendor/echarts/echarts-6.1.0.common.min.js")),
        asset("stats", "js", JS, include_bytes!("../static/stats.js")),
        asset("icons", "svg", SVG, include_bytes!("../static/vendor/tabler-icons/icons.svg")),
        asset("favicon", "svg", SVG, include_bytes!("../static/favicon.svg")),
    ]
});

static PATHS: LazyLock<Paths> = LazyLock::new(|| {
    let [
        tabler,
        tom_select_css,
        app_css,
        theme,
        htmx,
        tom_select,
        app,
        query,
        import,
        live,
        board,
        design,
        echarts,
        stats,
        icons,
        favicon,
    ] = &*ASSETS;
    Paths {
        tabler: &tabler.path,
        tom_select_css: &tom_select_css.path,
        app_css: &app_css.path,
        theme: &theme.path,
        htmx: &htmx.path,
        tom_select: &tom_select.path,
        app: &app.path,
        query: &query.path,
        import: &import.path,
        live: &live.path,
        board: &board.path,
        design: &design.path,
        echarts: &echarts.path,
        stats: &stats.path,
        icons: &icons.path,
        favicon: &favicon.path,
    }
});

/// The paths that pages name.
#[must_use]
pub fn paths() -> &'static Paths {
    &PATHS
}

/// The file at `path` (`/static/…`).
#[must_use]
pub fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

/// Every file.
pub fn all() -> impl Iterator<Item = &'static Asset> {
    ASSETS.iter()
}

impl Asset {
    /// What to send to a client that said `Accept-Encoding: accepted`.
    #[must_use]
    pub fn body(&'static self, accepted: &str) -> (Coding, &'static [u8]) {
        let takes = |name: &str| {
            accepted.split(',').any(|part| {
                let (coding, weight) = part.split_once(';').unwrap_or((part, ""));
                coding.trim().eq_ignore_ascii_case(name)
                    && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
            })
        };
        if takes("br") {
            (Coding::Brotli, self.brotli.get_or_init(|| brotli(self.bytes)))
        } else if takes("gzip") {
            (Coding::Gzip, self.gzip.get_or_init(|| gzip(self.bytes)))
        } else {
            (Coding::Identity, self.bytes)
        }
    }
}

fn asset(name: &str, extension: &str, media_type: &'static str, bytes: &'static [u8]) -> Asset {
    let hash: String = Sha256::digest(bytes).iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    let path = format!("/static/{name}.{hash}.{extension}");
    Asset { path, media_type, bytes, brotli: OnceLock::new(), gzip: OnceLock::new() }
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    const BUFFER: usize = 4096;
    let (quality, window) = (9, 22);
    let mut writer = brotli::CompressorWriter::new(Vec::new(), BUFFER, quality, window);
    // Writing to memory cannot fail; were it to, the reader would only see a shorter file.
    let _ = writer.write_all(bytes);
    writer.into_inner()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let _ = writer.write_all(bytes);
    writer.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_is_the_file() {
        for asset in all() {
            let (coding, body) = asset.body("gzip, deflate, br;q=1.0");
            assert_eq!(coding, Coding::Brotli);
            let mut plain = Vec::new();
            brotli::BrotliDecompress(&mut &*body, &mut plain).unwrap();
            assert!(plain == asset.bytes, "{}", asset.path);
            let (coding, body) = asset.body("gzip");
            assert_eq!(coding, Coding::Gzip);
            let mut plain = Vec::new();
            std::io::copy(&mut flate2::read::GzDecoder::new(body), &mut plain).unwrap();
            assert!(plain == asset.bytes, "{}", asset.path);
            assert_eq!(asset.body("br;q=0, identity").0, Coding::Identity);
        }
    }

    #[test]
    fn a_first_visit_is_small() {
        // no page but those of statistics loads what draws charts, none but a board what moves its cards
        let first =
            || all().filter(|asset| ![paths().echarts, paths().stats, paths().board].contains(&asset.path.as_str()));
        let sizes: Vec<(&str, usize, usize)> =
            first().map(|asset| (asset.path.as_str(), asset.body("br").1.len(), asset.body("gzip").1.len())).collect();
        println!("{sizes:#?}");
        assert!(sizes.iter().map(|size| size.1).sum::<usize>() < 150_000, "leaves 50 kB for the page: {sizes:?}");
        assert!(sizes.iter().map(|size| size.2).sum::<usize>() < 170_000, "{sizes:?}");
    }

    #[test]
    fn a_file_is_found_by_its_path_alone() {
        assert!(find(paths().app).is_some());
        assert!(find("/static/app.js").is_none());
    }

    /// Every `"name"` behind `icon(`, and what `icon()` of a view answers, is drawn in the sprite.
    #[test]
    fn the_sprite_has_every_icon_used() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let sprite = std::str::from_utf8(find(paths().icons).unwrap().bytes).unwrap();
        let mut used = std::collections::BTreeSet::new();
        for entry in std::fs::read_dir(root.join("templates")).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            for (at, call) in text.match_indices("icon(\"") {
                used.insert(text[at + call.len()..].split('"').next().unwrap().to_owned());
            }
        }
        used.extend(
            ["sort-ascending", "sort-descending", "arrows-sort", "circle-check", "info-circle", "alert-triangle"]
                .map(str::to_owned),
        );
        used.extend(["arrow-right", "arrow-back-up", "check", "git-fork"].map(str::to_owned));
        for name in &used {
            assert!(sprite.contains(&format!("<symbol id=\"{name}\"")), "{name}");
        }
        let drawn = sprite.matches("<symbol ").count();
        assert_eq!(drawn, used.len(), "the sprite has icons that nothing uses");
    }
}
