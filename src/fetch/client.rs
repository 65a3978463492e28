//! Makes the reqwest clients: every timeout, bound and leniency of the connection is set here.
//!
//! There are two, since the one for https needs the system's certificates: on a machine without any, http
//! goes on and https says what is missing, until they are installed.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Proxy};
use tokio::sync::OnceCell;
use url::Url;

use super::fault;
use super::private::AddressRules;
use super::resolve::PublicResolver;
use super::{FetcherError, FetcherRules};
use crate::core::model::{FaultKind, FetchFault};

pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Long enough for the next hop of a redirect or the next page; polls are minutes apart.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
const HEADERS_MAX: usize = 128;
const H2_HEADER_BYTES_MAX: u32 = 64 * 1024;

#[derive(Debug)]
pub struct Clients {
    plain: Client,
    secure: OnceCell<Client>,
    recipe: Arc<Recipe>,
}

#[derive(Debug)]
struct Recipe {
    rules: FetcherRules,
    proxy: Option<Url>,
    resolver: Arc<PublicResolver>,
}

impl Clients {
    pub fn new(
        rules: &FetcherRules,
        addresses: Arc<AddressRules>,
    ) -> Result<Clients, FetcherError> {
        install_crypto();
        let proxy = rules.proxy.as_deref().map(proxy_url).transpose()?;
        let proxy_host = proxy.as_ref().and_then(Url::host_str).map(str::to_owned);
        let recipe = Arc::new(Recipe {
            rules: rules.clone(),
            proxy,
            resolver: Arc::new(PublicResolver::new(
                addresses,
                rules.concurrency,
                proxy_host,
            )),
        });
        // A client that trusts nobody needs no certificates; it never speaks TLS.
        let plain = recipe
            .builder()?
            .tls_certs_only([])
            .build()
            .map_err(|err| FetcherError::Client {
                cause: fault::flatten(&err),
            })?;
        Ok(Clients {
            plain,
            secure: OnceCell::new(),
            recipe,
        })
    }

    pub fn proxy(&self) -> Option<&Url> {
        self.recipe.proxy.as_ref()
    }

    /// The client for `url`. A failure is not kept, so that the next call tries again.
    pub async fn of(&self, url: &Url) -> Result<&Client, FetchFault> {
        let is_proxy_secure = self.proxy().is_some_and(|proxy| proxy.scheme() == "https");
        if url.scheme() == "http" && !is_proxy_secure {
            return Ok(&self.plain);
        }
        let recipe = &self.recipe;
        self.secure
            .get_or_try_init(|| async {
                let recipe = Arc::clone(recipe);
                // Reading the certificates is disk work.
                tokio::task::spawn_blocking(move || secure_client(&recipe))
                    .await
                    .unwrap_or_else(|stopped| Err(stopped.to_string()))
            })
            .await
            .map_err(|cause| {
                let detail =
                    format!("TLS: {cause}; does this machine have its ca-certificates installed?");
                fault::fault(FaultKind::Unreachable, &detail)
            })
    }
}

fn secure_client(recipe: &Recipe) -> Result<Client, String> {
    let builder = recipe.builder().map_err(|err| err.to_string())?;
    builder.build().map_err(|err| fault::flatten(&err))
}

impl Recipe {
    fn builder(&self) -> Result<ClientBuilder, FetcherError> {
        let user_agent = reqwest::header::HeaderValue::from_str(&self.rules.user_agent);
        let user_agent = user_agent.map_err(|_| FetcherError::UserAgent {
            user_agent: self.rules.user_agent.clone(),
        })?;
        let builder = Client::builder()
            .user_agent(user_agent)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(self.rules.per_host.max(1))
            .redirect(Policy::none())
            .referer(false)
            .dns_resolver(Arc::clone(&self.resolver))
            .gzip(true)
            .brotli(true)
            .zstd(true)
            .deflate(true)
            // What browsers forgive, small newsrooms' servers do.
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_max_headers(HEADERS_MAX)
            .http2_max_header_list_size(H2_HEADER_BYTES_MAX)
            .no_proxy();
        match &self.proxy {
            None => Ok(builder),
            Some(url) => match Proxy::all(url.clone()) {
                Ok(proxy) => Ok(builder.proxy(proxy)),
                Err(err) => Err(proxy_error(url.as_str(), &fault::flatten(&err))),
            },
        }
    }
}

fn proxy_url(proxy: &str) -> Result<Url, FetcherError> {
    let text = if proxy.contains("://") {
        proxy.to_owned()
    } else {
        format!("http://{proxy}")
    };
    let url = Url::parse(&text).map_err(|err| proxy_error(&text, &err.to_string()))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err(proxy_error(
            &text,
            "only http:// and https:// proxies are known",
        )),
    }
}

fn proxy_error(proxy: &str, cause: &str) -> FetcherError {
    FetcherError::Proxy {
        proxy: fault::redact(proxy),
        cause: fault::clause(cause),
    }
}

/// reqwest is built without a provider of its own, and panics where none is installed.
fn install_crypto() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        // Whoever installed one before us is content with it, and so are we.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> FetcherRules {
        FetcherRules {
            user_agent: "langbao/test".into(),
            allow_private: Vec::new(),
            proxy: None,
            per_host: 2,
            host_interval: Duration::ZERO,
            concurrency: 8,
        }
    }

    #[track_caller]
    fn check_error(rules: &FetcherRules, expected: &str) {
        let err = Clients::new(rules, Arc::default()).unwrap_err();
        assert_eq!(err.to_string(), expected);
    }

    #[test]
    fn rules_that_cannot_work_are_refused_at_once() {
        check_error(
            &FetcherRules {
                user_agent: "lang\nbao".into(),
                ..rules()
            },
            r#"fetch.user_agent "lang\nbao" cannot be sent in a header: use visible ASCII"#,
        );
        check_error(
            &FetcherRules {
                proxy: Some("socks5://u:p@10.0.0.1".into()),
                ..rules()
            },
            r#"fetch.proxy "socks5://10.0.0.1" cannot be used: only http:// and https:// proxies are known"#,
        );
        check_error(
            &FetcherRules {
                proxy: Some("http://".into()),
                ..rules()
            },
            r#"fetch.proxy "http://" cannot be used: empty host"#,
        );
    }

    #[test]
    fn a_proxy_may_be_named_without_a_scheme() {
        let rules = FetcherRules {
            proxy: Some("proxy.internal:3128".into()),
            ..rules()
        };
        let clients = Clients::new(&rules, Arc::default()).unwrap();
        assert_eq!(
            clients.proxy().map(Url::as_str),
            Some("http://proxy.internal:3128/")
        );
    }

    /// The first bytes of a handshake name what may be spoken above it.
    #[tokio::test]
    async fn https_offers_http_2_and_falls_back() {
        use tokio::io::AsyncReadExt;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        let clients = Clients::new(&rules(), Arc::default()).unwrap();
        let builder = clients.recipe.builder().unwrap();
        let client = builder.tls_certs_only([]).build().unwrap();
        let asking = tokio::spawn(client.get(url).send());
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut hello = Vec::new();
        let offer = b"\x02h2\x08http/1.1";
        while !hello.windows(offer.len()).any(|part| part == offer) {
            let byte = socket.read_u8().await;
            hello.push(byte.expect("the offer comes before the hello ends"));
        }
        asking.abort();
    }

    const NO_CERTIFICATES: &str = "fetch::client::tests::https_alone_needs_certificates";

    /// The certificates' place is in the environment, so the test runs itself once more in another one.
    #[test]
    fn https_alone_needs_certificates() {
        if std::env::var_os("SSL_CERT_FILE").is_some_and(|file| file == "/dev/null") {
            return without_certificates();
        }
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", NO_CERTIFICATES, "--test-threads=1"])
            .env("SSL_CERT_FILE", "/dev/null")
            .env_remove("SSL_CERT_DIR")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(
            child.status.success() && said.contains("1 passed"),
            "{said}"
        );
    }

    fn without_certificates() {
        let clients = Clients::new(&rules(), Arc::default()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let (http, https) = (
            Url::parse("http://a.vn/").unwrap(),
            Url::parse("https://a.vn/").unwrap(),
        );
        assert!(runtime.block_on(clients.of(&http)).is_ok());
        let fault = runtime.block_on(clients.of(&https)).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unreachable);
        assert!(
            fault.detail.contains("No CA certificates"),
            "{}",
            fault.detail
        );
    }
}
