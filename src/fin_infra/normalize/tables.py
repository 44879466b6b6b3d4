"""What suffixes, venue names and crypto tickers mean.
Floor 1: data only; an entry is here because it has one meaning, and everything doubtful is left out."""

from __future__ import annotations

SUFFIXES: dict[str, str] = {
    "L": "XLON",
    "LON": "XLON",
    "DE": "XETR",
    "DEX": "XETR",
    "F": "XFRA",
    "FRK": "XFRA",
    "BE": "XBER",
    "DU": "XDUS",
    "HA": "XHAN",
    "HM": "XHAM",
    "MU": "XMUN",
    "SG": "XSTU",
    "PA": "XPAR",
    "AS": "XAMS",
    "BR": "XBRU",
    "LS": "XLIS",
    "IR": "XDUB",
    "MI": "MTAA",
    "MC": "XMAD",
    "SW": "XSWX",
    "VI": "XWBO",
    "ST": "XSTO",
    "HE": "XHEL",
    "CO": "XCSE",
    "OL": "XOSL",
    "IC": "XICE",
    "WA": "XWAR",
    "BD": "XBUD",
    "IS": "XIST",
    "TA": "XTAE",
    "JO": "XJSE",
    "TO": "XTSE",
    "TRT": "XTSE",
    "V": "XTSX",
    "TRV": "XTSX",
    "CN": "XCNQ",
    "NE": "NEOE",
    "MX": "XMEX",
    "SA": "BVMF",
    "BA": "XBUE",
    "SN": "XSGO",
    "HK": "XHKG",
    "T": "XTKS",
    "SS": "XSHG",
    "SHH": "XSHG",
    "SZ": "XSHE",
    "SHZ": "XSHE",
    "TW": "XTAI",
    "TWO": "ROCO",
    "KS": "XKRX",
    "KQ": "XKOS",
    "NS": "XNSE",
    "BO": "XBOM",
    "BSE": "XBOM",
    "SI": "XSES",
    "KL": "XKLS",
    "BK": "XBKK",
    "JK": "XIDX",
    "AX": "XASX",
    "NZ": "XNZE",
    "SR": "XSAU",
    "SAO": "BVMF",
    "AE": "XDFM",
    "QA": "DSMD",
    "ME": "MISX",
    "KW": "XKUW",
}
"""Suffix after the last dot, to MIC. Two letters are Yahoo's and Reuters', three are Alpha Vantage's; each MIC is in
OpenFIGI's list. Left out: those of `DOUBTFUL_SUFFIXES`."""

VENUE_NAMES: dict[str, str] = {
    "NASDAQ": "XNAS",
    "NYSE": "XNYS",
    "AMEX": "XASE",
    "ARCA": "ARCX",
    "NYSEARCA": "ARCX",
    "LSE": "XLON",
    "HKEX": "XHKG",
    "TSX": "XTSE",
    "TSXV": "XTSX",
    "LON": "XLON",
    "ETR": "XETR",
    "XETRA": "XETR",
    "FRA": "XFRA",
    "TYO": "XTKS",
    "HKG": "XHKG",
    "NSE": "XNSE",
    "BOM": "XBOM",
    "BSE": "XBOM",
    "EPA": "XPAR",
    "AMS": "XAMS",
    "EBR": "XBRU",
    "ELI": "XLIS",
    "BIT": "MTAA",
    "BME": "XMAD",
    "SWX": "XSWX",
    "STO": "XSTO",
    "HEL": "XHEL",
    "CPH": "XCSE",
    "ASX": "XASX",
    "NZE": "XNZE",
    "SGX": "XSES",
    "KRX": "XKRX",
    "TPE": "XTAI",
    "SHA": "XSHG",
    "SHE": "XSHE",
    "CVE": "XTSX",
}
"""Names people write where a MIC belongs: the exchanges' own, and those of Google Finance
(https://www.google.com/googlefinance/disclaimer/). `TSE` is missing because Tokyo and Toronto share it."""

DOUBTFUL_SUFFIXES: dict[str, tuple[str, ...]] = {
    "PR": ("XPRA:{root}", "US:{root}.PR"),
    "P": ("ARCX:{root}", "US:{root}.PR"),
    "O": ("XNAS:{root}", "US:{root}.O"),
    "OQ": ("XNAS:{root}",),
    "N": ("XNYS:{root}", "US:{root}.N"),
    "K": ("XNYS:{root}", "US:{root}.K"),
    "CA": ("XCAI:{root}", "XTSE:{root}"),
    "VN": ("XSTC:{root}", "HSTC:{root}"),
    "AT": ("ASEX:{root}", "XATH:{root}"),
}
"""Suffixes with several meanings, to the keys they may mean: Reuters' codes of US venues are also share classes, `.PR`
is Prague or a preferred share, `.CA` Cairo although people mean Canada, `.VN` Ho Chi Minh City or Hanoi."""

FUTURES_SUFFIXES: frozenset[str] = frozenset({"CBT", "CME", "CMX", "NYB", "NYM"})
"""Yahoo's suffixes of futures exchanges."""

INDICES: frozenset[str] = frozenset(
    [
        "SPX",
        "INX",
        "GSPC",
        "IXIC",
        "NDX",
        "VIX",
        "DJI",
        "DJIA",
        "RUT",
        "FTSE",
        "UKX",
        "SX5E",
        "N225",
        "NI225",
        "NKY",
        "HSI",
        "TNX",
        "DXY",
    ]
)
"""Bare names of indices, as Yahoo (`^GSPC`, `^IXIC`, `^N225`, `^TNX`), Google Finance (`INDEXSP:.INX`, `INDEXFTSE:UKX`,
`INDEXNIKKEI:NI225`, `INDEXSTOXX:SX5E`) and Bloomberg (`NKY Index`; `SPX:IND` in its list of exchanges, kept at
https://cybercemetery.unt.edu/archive/nprec/20090820160326/) write them. None is in Alpha Vantage's list of US listings;
`DAX` and `CAC` are missing because shares have these tickers."""

MONEY_CODES: frozenset[str] = frozenset(
    ["USD", "EUR", "GBP", "JPY", "CHF", "CNY", "AUD", "CAD", "NZD", "XAU", "XAG", "GBX"]
)
"""Currencies and metals that people type alone. Others of ISO 4217 are better known as shares: ALL, COP, NOK."""

BLOOMBERG_CODES: dict[str, str] = {
    "US": "US",
    "UW": "XNAS",
    "UQ": "XNAS",
    "UR": "XNAS",
    "UP": "ARCX",
    "LN": "XLON",
    "GY": "XETR",
    "GF": "XFRA",
    "FP": "XPAR",
    "NA": "XAMS",
    "BB": "XBRU",
    "IM": "MTAA",
    "SM": "XMAD",
    "SE": "XSWX",
    "SW": "XSWX",
    "JP": "XTKS",
    "JT": "XTKS",
    "HK": "XHKG",
    "AT": "XASX",
    "AU": "XASX",
    "CT": "XTSE",
    "CV": "XTSX",
    "IB": "XBOM",
    "IS": "XNSE",
    "SP": "XSES",
    "KP": "XKRX",
    "NZ": "XNZE",
    "SS": "XSTO",
    "FH": "XHEL",
    "DC": "XCSE",
    "NO": "XOSL",
}
"""Bloomberg's codes after a blank, as in OpenFIGI's table of MIC and exchange codes (copy:
https://github.com/NotAProfDev/openfigi-rs, `resources/others/mapping_mic_figi-exchange-codes.csv`). A composite code
(`SW`, `JP`, `AU`) stands here where one exchange of the country lists its shares; Nasdaq's three tiers are Nasdaq."""

DOUBTFUL_BLOOMBERG: dict[str, tuple[str, ...]] = {
    "CN": ("XTSE:{root}", "XTSX:{root}"),
    "KS": ("XKRX:{root}", "XKOS:{root}"),
    "TT": ("XTAI:{root}", "ROCO:{root}"),
    "PL": ("XLIS:{root}", "US:{root}.PRL"),
    "PM": ("XPHS:{root}", "US:{root}.PRM"),
    "PW": ("XWAR:{root}", "US:{root}.PRW"),
    "PK": ("XKAR:{root}", "US:{root}.PRK"),
    "PE": ("XLIM:{root}", "US:{root}.PRE"),
    "PN": ("XVPA:{root}", "US:{root}.PRN"),
    "PS": ("XPAE:{root}", "US:{root}.PRS"),
    "UN": ("XNYS:{root}", "US:{root}.UN"),
    "RT": ("RUSX:{root}", "US:{root}.RT"),
}
"""Codes of that table with two meanings: a composite of two exchanges that list shares, or letters that are also a
preferred series, unit or right of a US share."""

TWO_LISTINGS: dict[str, tuple[str, ...]] = {"BATS": ("US:BATS", "XLON:BATS")}
"""Bare tickers that people mean two ways: BATS is the London stock whose New York shares are BTI, and a US venue."""

COINS: dict[str, str] = {
    "AAVE": "aave",
    "ADA": "cardano",
    "ALGO": "algorand",
    "APT": "aptos",
    "ARB": "arbitrum",
    "ATOM": "cosmos",
    "AVAX": "avalanche-2",
    "BCH": "bitcoin-cash",
    "BNB": "binancecoin",
    "BONK": "bonk",
    "BTC": "bitcoin",
    "BTC.B": "bitcoin-avalanche-bridged-btc-b",
    "CRO": "crypto-com-chain",
    "DAI": "dai",
    "DOGE": "dogecoin",
    "DOT": "polkadot",
    "ETC": "ethereum-classic",
    "ETH": "ethereum",
    "FIL": "filecoin",
    "HBAR": "hedera-hashgraph",
    "HYPE": "hyperliquid",
    "ICP": "internet-computer",
    "INJ": "injective-protocol",
    "JUP": "jupiter-exchange-solana",
    "KAS": "kaspa",
    "LEO": "leo-token",
    "LINK": "chainlink",
    "LTC": "litecoin",
    "NEAR": "near",
    "OKB": "okb",
    "ONDO": "ondo-finance",
    "OP": "optimism",
    "PEPE": "pepe",
    "POL": "polygon-ecosystem-token",
    "RENDER": "render-token",
    "SEI": "sei-network",
    "SHIB": "shiba-inu",
    "SOL": "solana",
    "STETH": "staked-ether",
    "SUI": "sui",
    "TAO": "bittensor",
    "TIA": "celestia",
    "TRX": "tron",
    "USDC": "usd-coin",
    "USDT": "tether",
    "VET": "vechain",
    "WBTC": "wrapped-bitcoin",
    "WIF": "dogwifcoin",
    "WLD": "worldcoin-wld",
    "XBT": "bitcoin",
    "XLM": "stellar",
    "XMR": "monero",
    "XRP": "ripple",
    "XTZ": "tezos",
    "ZEC": "zcash",
}
"""Ticker to CoinGecko id, where everybody means the same coin: the id is the end of the address of the coin's page,
https://www.coingecko.com/en/coins/bitcoin."""

CLASHING_COINS: dict[str, tuple[str, ...]] = {
    "BOND": ("barnbridge", "bonded-finance"),
    "COMP": ("compound-governance-token", "compound-coin"),
    "LUNA": ("terra-luna-2", "terra-luna"),
    "PAN": ("pantos", "panvala-pan"),
    "RUNE": ("thorchain", "rune"),
    "TON": ("the-open-network", "tokamak-network"),
    "UNI": ("uniswap", "unicorn-token"),
}
"""Tickers that several coins had or have, to their CoinGecko ids."""

COIN_IDS: frozenset[str] = frozenset(COINS.values())
