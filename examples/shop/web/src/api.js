// SPDX-License-Identifier: Apache-2.0
// The API's answers, or an Error with what it said.

async function ask(path, options) {
  const response = await fetch(path, options);
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error ?? `${response.status} ${response.statusText}`);
  return body;
}

export function listProducts() {
  return ask("/api/products");
}

export function addProduct(product) {
  return ask("/api/products", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(product),
  });
}
