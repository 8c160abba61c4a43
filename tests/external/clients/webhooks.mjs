// Verification of payment events by receivers.
import DodoPayments from "dodopayments";
import { Webhook } from "standardwebhooks";

export const verify = ({ secret, headers, body }) => new Webhook(secret).verify(body, headers);

// As in Dodo Payments' sample for Express: the body has been parsed, and is serialized again for the verification.
export const verifyParsed = ({ secret, headers, body }) =>
  new Webhook(secret).verify(JSON.stringify(JSON.parse(body)), headers);

export const unwrap = ({ secret, headers, body }) =>
  new DodoPayments({ bearerToken: "none", webhookKey: secret }).webhooks.unwrap(body, { headers });

export const sign = ({ secret, id, seconds, body }) => new Webhook(secret).sign(id, new Date(seconds * 1000), body);

export function refuse(event) {
  const refusals = [];
  for (const check of [verify, verifyParsed, unwrap]) {
    try {
      check(event);
      refusals.push(null);
    } catch (error) {
      refusals.push(error.constructor.name);
    }
  }
  return refusals;
}
