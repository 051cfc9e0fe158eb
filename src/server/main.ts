import { createConnection, ProposedFeatures } from "vscode-languageserver/node";
import { Server } from "./server.ts";

new Server(createConnection(ProposedFeatures.all)).listen();
