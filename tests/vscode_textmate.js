// The pieces of texts as VS Code sees them: {"grammar": path, "texts": […]} on standard input, JSON on standard output.

const { readFileSync } = require("fs");
const oniguruma = require("vscode-oniguruma");
const textmate = require("vscode-textmate");

const { grammar: path, texts } = JSON.parse(readFileSync(0));

async function main() {
  const wasm = readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"));
  await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
  const registry = new textmate.Registry({
    onigLib: {
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    },
    loadGrammar: async () => textmate.parseRawGrammar(readFileSync(path, "utf8"), path),
  });
  const grammar = await registry.loadGrammar("source.cnn");
  console.log(JSON.stringify(texts.map((text) => pieces(grammar, text))));
}

function pieces(grammar, text) {
  const found = [];
  let state = textmate.INITIAL;
  let start = 0;
  for (const line of text.split("\n")) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
    for (const token of tokens) {
      found.push([start + token.startIndex, Math.min(start + token.endIndex, start + line.length), token.scopes]);
    }
    state = ruleStack;
    start += line.length + 1;
  }
  return found;
}

main();
