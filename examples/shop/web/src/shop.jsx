// SPDX-License-Identifier: Apache-2.0
import React, { useCallback, useEffect, useState } from "react";

import { addProduct, listProducts } from "./api.js";

function ProductTable({ products }) {
  return (
    <table id="products">
      <thead>
        <tr>
          <th>Id</th>
          <th>Product</th>
          <th>Price</th>
          <th>Added</th>
        </tr>
      </thead>
      <tbody>
        {products.map((product) => (
          <tr key={product.id} data-id={product.id}>
            <td>{product.id}</td>
            <td>{product.name}</td>
            <td className="number">{product.price}</td>
            <td>{product.added_at}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function AddForm({ onAdd }) {
  const [name, setName] = useState("");
  const [price, setPrice] = useState("");

  async function submit(event) {
    event.preventDefault();
    if (await onAdd({ name, price })) {
      setName("");
      setPrice("");
    }
  }

  return (
    <form id="add" onSubmit={submit}>
      <input name="name" placeholder="Product" value={name} maxLength={80} required
        onChange={(event) => setName(event.target.value)} />
      <input name="price" placeholder="Price" value={price} inputMode="decimal" required
        onChange={(event) => setPrice(event.target.value)} />
      <button type="submit">Add</button>
    </form>
  );
}

export function Shop() {
  const [stock, setStock] = useState(null);
  const [error, setError] = useState("");

  const refresh = useCallback(async () => {
    try {
      setStock(await listProducts());
      setError("");
    } catch (problem) {
      setError(problem.message);
    }
  }, []);

  async function add(product) {
    try {
      await addProduct(product);
    } catch (problem) {
      setError(problem.message);
      return false;
    }
    await refresh();
    return true;
  }

  useEffect(() => {
    refresh();
    const timer = setInterval(refresh, 2000);
    return () => clearInterval(timer);
  }, [refresh]);

  return (
    <main>
      <h1>Shop</h1>
      {stock && (
        <p id="server">
          {stock.products.length} products from PostgreSQL {stock.server.version} at {stock.server.address},
          running since {stock.server.started_at}; its clock says {stock.server.now}
        </p>
      )}
      {error && <p id="error" role="alert">{error}</p>}
      {stock && <ProductTable products={stock.products} />}
      <AddForm onAdd={add} />
    </main>
  );
}
