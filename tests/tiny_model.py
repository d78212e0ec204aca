"""A tiny language model with random weights, as a GGUF file: what it says is noise, but brief.

One dimension of the embedding is the same for all tokens, and no layer reads it or writes to it. In
the output matrix, the column of this dimension is then a bias: the model never says raw bytes,
prefers words to letters, and ends its strings soon, so that an answer under a grammar takes
milliseconds. And what it has just said it dislikes to say again: even at a temperature of 0 it gets
somewhere.
"""

from pathlib import Path

import gguf
import numpy as np

WIDTH, LAYERS, HEADS, HIDDEN = 64, 2, 4, 128
DISLIKE = 1.5
"""Of a token to follow itself, and of a quote to follow a quote: strings are seldom empty."""
SPACE = "▁"
"""What a space is in the vocabulary of LLaMA."""
CONTROL = {"<unk>": gguf.TokenType.UNKNOWN, "<s>": gguf.TokenType.CONTROL}
CONTROL["</s>"] = gguf.TokenType.CONTROL
END = list(CONTROL).index("</s>")
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
LETTERS = [SPACE, *map(chr, range(ord("!"), ord("~") + 1))]
SPACED = ["the", "and", "of", "to", "a", "is", "was", "not", "good", "bad", "fair", "Ann", "Bob"]
WORDS = [SPACE + word for word in SPACED] + ["Cooperate", "Defect", "er", "in", "on", "re", "es"]
QUOTES = ['"', '",', '"}']
PIECES = [*LETTERS, *WORDS, *QUOTES[1:]]
VOCABULARY = [*CONTROL, *BYTES, *PIECES]

TEMPLATE = "{% for m in messages %}<{{ m['role'] }}>\n{{ m['content'] }}\n{% endfor %}<assistant>\n"


def tiny_model(path: Path, *, context: int = 8192, seed: int = 0) -> Path:
    """Write a model of about a megabyte and return where."""
    writer = gguf.GGUFWriter(path, "llama")
    describe(writer, context)
    name(writer)
    for tensor, values in weights(np.random.default_rng(seed)).items():
        writer.add_tensor(f"{tensor}.weight", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def describe(writer: gguf.GGUFWriter, context: int) -> None:
    """Say how large the model is."""
    writer.add_name("tiny")
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_vocab_size(len(VOCABULARY))
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)


def name(writer: gguf.GGUFWriter) -> None:
    """Say what its tokens and its turns look like."""
    kinds = [*CONTROL.values()]
    kinds += [gguf.TokenType.BYTE] * len(BYTES) + [gguf.TokenType.NORMAL] * len(PIECES)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(VOCABULARY)
    writer.add_token_types(kinds)
    writer.add_token_scores(
        [0.0] * (len(CONTROL) + len(BYTES)) + [-1.0 - i for i in range(len(PIECES))]
    )
    writer.add_bos_token_id(list(CONTROL).index("<s>"))
    writer.add_eos_token_id(END)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_chat_template(TEMPLATE)


def bias() -> np.ndarray:
    """Return how much more than its weights say each token is liked."""
    liked = dict.fromkeys(BYTES, -40.0) | dict.fromkeys(WORDS, 2.5) | dict.fromkeys(QUOTES, 4.5)
    return np.array([liked.get(token, 0.0) for token in VOCABULARY], dtype=np.float32)


def directions(embedding: np.ndarray) -> np.ndarray:
    """Return for each token the direction of those that it shall not follow."""
    found = embedding / np.linalg.norm(embedding[:, 1:], axis=1, keepdims=True)
    quotes = [VOCABULARY.index(quote) for quote in QUOTES]
    found[quotes] = found[quotes].sum(axis=0)
    return found


def weights(chance: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw all weights, and keep the first dimension of the embedding for the bias."""

    def drawn(*shape: int, scale: float = 0.05) -> np.ndarray:
        return (chance.standard_normal(shape) * scale).astype(np.float32)

    embedding, output = drawn(len(VOCABULARY), WIDTH), drawn(len(VOCABULARY), WIDTH, scale=0.2)
    embedding[:, 0] = 1.0
    output -= DISLIKE * directions(embedding)
    output[:, 0] = bias() / WIDTH**0.5  # the norm makes the constant about as large as the root
    ones = np.ones(WIDTH, dtype=np.float32)
    found = {"token_embd": embedding, "output_norm": ones, "output": output}
    for layer in range(LAYERS):
        block = {f"attn_{part}": drawn(WIDTH, WIDTH, scale=0.1) for part in "qkv"}
        block |= {f"ffn_{part}": drawn(HIDDEN, WIDTH) for part in ("gate", "up")}
        for reader in block.values():
            reader[:, 0] = 0.0
        block |= {"attn_output": drawn(WIDTH, WIDTH), "ffn_down": drawn(WIDTH, HIDDEN)}
        block["attn_output"][0] = block["ffn_down"][0] = 0.0
        block |= {"attn_norm": ones, "ffn_norm": ones}
        found |= {f"blk.{layer}.{part}": values for part, values in block.items()}
    return found
