import { createConnection, ProposedFeatures } from "vscode-languageserver/node";
import { holdHeapDown } from "../discovery/index.ts";
import { Server } from "./server.ts";

holdHeapDown();
new Server(createConnection(ProposedFeatures.all)).listen();
