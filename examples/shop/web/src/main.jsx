// SPDX-License-Identifier: Apache-2.0
import React from "react";
import { createRoot } from "react-dom/client";

import { Shop } from "./shop.jsx";
import "./shop.css";

createRoot(document.getElementById("root")).render(<Shop />);
