//! Where a PostgreSQL server is and how it is reached: what a `postgres://…` address says, TLS as libpq means it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The server's ways to end what a node left behind: a lock that is not had in time, a transaction that nobody continues.
const OPTIONS: &str = "-c lock_timeout=5s -c idle_in_transaction_session_timeout=60s";

/// A server and a database on it. What it prints holds no password.
#[derive(Debug, Clone)]
pub struct Address {
    pub(super) config: tokio_postgres::Config,
    pub(super) shown: String,
    tls: Tls,
}

/// Why an address is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadAddress(String);

/// How much the server must prove.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tls {
    Off,
    /// Encrypted, whoever it is.
    Unverified,
    /// By a certificate for its name, of these authorities; none: of those that this machine trusts.
    Verified(Option<PathBuf>),
}

impl Address {
    /// Reads `postgres://user:password@host:port/database?…`. `password` is taken where the address has none.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(url: &str, password: Option<&str>) -> Result<Address, BadAddress> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(BadAddress("it must begin with postgres://".to_owned()));
        }
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut authorities, mut others) = ("prefer".to_owned(), None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = || percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned();
            match key {
                "sslmode" => mode = decoded(),
                "sslrootcert" => authorities = Some(decoded()).filter(|path| path != "system").map(PathBuf::from),
                _ => others.push(pair),
            }
        }
        let rest = if others.is_empty() { base.to_owned() } else { format!("{base}?{}", others.join("&")) };
        let mut config: tokio_postgres::Config =
            rest.parse().map_err(|error| BadAddress(format!("{}", Causes(&error))))?;
        let (tls, required) = match (mode.as_str(), authorities) {
            ("disable", _) => (Tls::Off, SslMode::Disable),
            ("allow" | "prefer", _) => (Tls::Unverified, SslMode::Prefer),
            ("require", None) => (Tls::Unverified, SslMode::Require),
            ("require" | "verify-ca" | "verify-full", authorities) => (Tls::Verified(authorities), SslMode::Require),
            (other, _) => {
                return Err(BadAddress(format!(
                    "sslmode={other}: it must be disable, prefer, require, verify-ca or verify-full"
                )));
            }
        };
        config.ssl_mode(required);
        if let (None, Some(password)) = (config.get_password(), password) {
            config.password(password);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        if config.get_application_name().is_none() {
            config.application_name("tasksteper");
        }
        let options = config.get_options().map_or_else(|| OPTIONS.to_owned(), |own| format!("{OPTIONS} {own}"));
        config.options(options);
        // a server that went away without a word is noticed within half a minute
        config
            .keepalives_idle(Duration::from_secs(15))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3);
        config.tcp_user_timeout(Duration::from_secs(20));
        let shown = shown(&config);
        Ok(Address { config, shown, tls })
    }

    /// What opens connections as `sslmode` says.
    pub(super) fn tls(&self) -> Result<Option<MakeRustlsConnect>, BadAddress> {
        let provider = Arc::new(ring::default_provider());
        let versions =
            || ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        let failed = |error: rustls::Error| BadAddress(format!("TLS cannot be set up: {error}"));
        let config = match &self.tls {
            Tls::Off => return Ok(None),
            Tls::Unverified => versions()
                .map_err(failed)?
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Whoever(Arc::clone(&provider))))
                .with_no_client_auth(),
            Tls::Verified(authorities) => {
                versions().map_err(failed)?.with_root_certificates(roots(authorities.as_ref())?).with_no_client_auth()
            }
        };
        Ok(Some(MakeRustlsConnect::new(config)))
    }
}

/// `postgres://host:5432/database`, without a password.
impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "postgres://{}", self.shown)
    }
}

/// `host:5432/database`.
fn shown(config: &tokio_postgres::Config) -> String {
    let ports = config.get_ports();
    let hosts = config.get_hosts().iter().enumerate().map(|(at, host)| {
        let port = ports.get(at).or(ports.first()).copied().unwrap_or(5432);
        match host {
            Host::Tcp(name) => format!("{name}:{port}"),
            #[cfg(unix)]
            Host::Unix(path) => format!("{}:{port}", path.display()),
        }
    });
    format!("{}/{}", hosts.collect::<Vec<_>>().join(","), config.get_dbname().unwrap_or_default())
}

fn roots(file: Option<&PathBuf>) -> Result<RootCertStore, BadAddress> {
    let mut roots = RootCertStore::empty();
    let Some(file) = file else {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let why = "this machine trusts no certificate authority; name a file of them with sslrootcert=FILE";
            return Err(BadAddress(why.to_owned()));
        }
        return Ok(roots);
    };
    let failed = |error: &dyn std::fmt::Display| BadAddress(format!("sslrootcert={}: {error}", file.display()));
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| failed(&error))? {
        roots.add(certificate.map_err(|error| failed(&error))?).map_err(|error| failed(&error))?;
    }
    if roots.is_empty() { Err(failed(&"no certificate is in it")) } else { Ok(roots) }
}

/// `sslmode=prefer` and `require`: the connection is encrypted, the server proves nothing but that it holds its key.
#[derive(Debug)]
struct Whoever(Arc<CryptoProvider>);

impl ServerCertVerifier for Whoever {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// An error with the causes that its own words leave out.
struct Causes<'e>(&'e dyn std::error::Error);

impl std::fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_where_and_how_and_shows_no_password() {
        let address = Address::parse(
            "postgres://ann:se%20cret@db.example.com:5433/tasks?sslmode=verify-full&sslrootcert=%2Fca.pem",
            None,
        )
        .unwrap();
        assert_eq!(address.shown, "db.example.com:5433/tasks");
        assert_eq!(address.tls, Tls::Verified(Some(PathBuf::from("/ca.pem"))));
        assert_eq!(address.config.get_password(), Some(&b"se cret"[..]));
        assert!(!format!("{address:?}").contains("cret"), "{address:?}");
        let socket =
            Address::parse("postgresql:///tasks?host=/run/pg&user=ann&sslmode=disable", Some("other")).unwrap();
        assert_eq!((socket.shown.as_str(), &socket.tls), ("/run/pg:5432/tasks", &Tls::Off));
        assert_eq!(socket.config.get_password(), Some(&b"other"[..]));
    }

    #[test]
    fn what_is_no_address_is_refused_in_words() {
        let refused = |url: &str| Address::parse(url, None).unwrap_err().to_string();
        assert!(refused("mysql://x/y").contains("postgres://"));
        assert!(refused("postgres://x/y?sslmode=perhaps").contains("verify-full"));
        assert!(refused("postgres://x:port/y").contains("port"), "{}", refused("postgres://x:port/y"));
        assert!(refused("postgres://x/y?colour=red").contains("colour"), "{}", refused("postgres://x/y?colour=red"));
        let missing = Address::parse("postgres://x/y?sslmode=verify-full&sslrootcert=/nowhere.pem", None).unwrap();
        assert!(missing.tls().err().unwrap().to_string().contains("/nowhere.pem"));
    }
}
