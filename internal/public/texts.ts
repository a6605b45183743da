/**
 * texts is everything that a customer reads on the page, in one place, so that another language is
 * one more file of this shape. The API's texts are not here: programs read those, and they are documented.
 */
export const texts = {
  language: "en",
  brand: "Skycoin OTC",
  skipToContent: "Skip to content",
  title: {
    home: "Buy Skycoin",
    pay: (coin: string) => `Send ${coin} · Skycoin OTC`,
    status: "Your purchase · Skycoin OTC",
    problem: "Something needs your attention · Skycoin OTC",
  },
  home: {
    heading: "Buy Skycoin",
    lead: (coins: readonly string[]) =>
      `Enter your Skycoin address, send ${coins.join(" or ") || "coins"} to the address you get, and receive SKY in your wallet.`,
    rate: "The rate that counts is the one at the time your deposit is first seen in a block.",
    available: (coins: string) => `${coins} SKY available`,
    addressLabel: "Your Skycoin address",
    addressHint: "SKY will be sent here. Use an address of a wallet whose keys you hold.",
    coinLabel: "Pay with",
    submit: "Get deposit address",
    limit: (max: number) =>
      max === 1
        ? "Each Skycoin address can have one deposit address."
        : `Each Skycoin address can have up to ${max} deposit addresses.`,
    lookupHeading: "Already paid?",
    lookupLead: "See how far a purchase is.",
    lookupSubmit: "Check status",
    resumeHeading: "Your last purchase",
    resumeLink: "Back to the deposit address",
    resumeForget: "Forget it on this device",
  },
  how: {
    heading: "How it works",
    steps: [
      {
        title: "Get an address",
        text: "We reserve a deposit address for your Skycoin address. It stays yours.",
      },
      { title: "Send your coins", text: "Pay from any wallet. You can use the same address more than once." },
      {
        title: "Receive SKY",
        text: "After enough confirmations the SKY is sent by itself. Nothing else to do.",
      },
    ],
  },
  coin: {
    names: { BTC: "Bitcoin", ETH: "Ether" },
    rate: (coin: string, sky: string) => `1 ${coin} = ${sky} SKY`,
    market: "Market price when your deposit is confirmed",
    minimum: (amount: string, coin: string) => `at least ${amount} ${coin}`,
    confirmations: (n: number) => (n === 1 ? "1 confirmation" : `${n} confirmations`),
    behind: (wait: string) =>
      `We are catching up with the network. Deposits are safe, but show up ${wait} late.`,
    offline: "We cannot see the network right now. Deposits are safe, but show up later.",
  },
  closed: {
    disabled: {
      heading: "Sales are closed",
      text: "No new deposit addresses are given out at the moment. Deposits that were already sent are still processed.",
    },
    sold_out: {
      heading: "No sales at the moment",
      text: "SKY cannot be sent at the moment. Deposits that were already sent are safe and will be paid as soon as it can.",
    },
    again: "This page checks again by itself.",
  },
  pay: {
    heading: (coin: string) => `Send ${coin} to this address`,
    forAddress: "SKY goes to",
    copy: "Copy address",
    copied: "Copied",
    copyFailed: "Press and hold the address to copy it.",
    open: "Open in wallet",
    qr: (coin: string, address: string) => `QR code: ${coin} address ${address}`,
    price: "Price",
    wait: "Paid out after",
    minimum: "Minimum",
    only: {
      BTC: "Send only Bitcoin. Other coins sent to this address are lost.",
      ETH: "Send only Ether, directly from a wallet. Tokens, and transfers made by a contract, are not recognised.",
    },
    keep: "Keep the link of this page: it shows the address for a week. For security reasons the address is shown nowhere else.",
  },
  status: {
    heading: "Your purchase",
    progressHeading: "Progress",
    noAddress:
      "For security reasons the deposit address is not shown here. Open the link you got with the address, or get another address.",
    expired: "This link is too old to show its deposit address. A deposit sent to it is still processed.",
    another: "Get another address",
    none: "Nothing is known of this Skycoin address yet.",
    purchase: (seq: number) => `Purchase ${seq}`,
    updated: "Updated",
    live: "This page updates by itself. You may close it and come back.",
    steps: ["Deposit", "Confirmed", "SKY sent", "Done"],
    seen: (n: number, of: number) => `Deposit seen: ${n} of ${of} confirmations`,
    headline: {
      waiting_deposit: "Waiting for your deposit",
      waiting_decide: "Deposit confirmed, waiting to send",
      waiting_passthrough: "Deposit confirmed, buying SKY on the exchange",
      waiting_passthrough_order_complete: "Deposit confirmed, buying SKY on the exchange",
      waiting_send: "Deposit confirmed, waiting to send",
      waiting_confirm: "SKY sent, waiting for the Skycoin network",
      done: "Done",
    },
    doneText: "Your SKY has been sent, unless your deposit was too small for the smallest unit of SKY.",
    delayed: "Payouts are delayed at the moment. Your deposit is safe and will be paid.",
  },
  wait: {
    soon: "a little",
    minutes: (n: number) => (n === 1 ? "about a minute" : `about ${n} minutes`),
    hours: (n: number) => (n === 1 ? "about an hour" : `about ${n} hours`),
  },
  errors: {
    missingAddress: "Enter your Skycoin address first.",
    invalidAddress: "This is not a valid Skycoin address. Please copy it again from your wallet.",
    missingCoin: "Choose the coin you want to pay with.",
    coinDisabled: (coin: string) => `${coin} is not accepted at the moment. Please choose another coin.`,
    disabled: "Sales are closed at the moment. Please come back later.",
    limit:
      "This Skycoin address already has as many deposit addresses as it can have. You can use any of them again.",
    empty: "All deposit addresses are taken at the moment. Please try again later.",
    notReady: "We are still starting up. Please try again in a few minutes.",
    tooMany: "That was too quick. Please wait a moment and try again.",
    badForm: "The form did not arrive in one piece. Please try again.",
    offline: "No connection. Please check your network and try again.",
    reconnecting: "No connection. Trying again…",
  },
  working: "Getting an address…",
} as const;
