# What a DeepSpeed configuration says in the words of the memory assignment's program. Input: the configuration; $ranks:
# how many train. Output: a line for each word ("--zero 2"), then for each key that means nothing here ("ignored KEY: why").
# https://www.deepspeed.ai/docs/config-json/ has the names and defaults.

# "auto" is for Hugging Face's Trainer, which fills it in: as if the key were not there.
def known($path): getpath($path) | if . == "auto" then null else . end;
def fail($text): "error \($text)" | halt_error(3);
def whole($path):
  known($path) as $value |
  if $value == null then null
  elif ($value | type) == "number" and $value == ($value | floor) and $value >= 1 then $value
  else fail("\($path | join(".")): \($value | tojson) is no whole number of 1 or more") end;
def number($path):
  known($path) as $value |
  if $value == null or ($value | type) == "number" then $value
  else fail("\($path | join(".")): \($value | tojson) is no number") end;
def flag($path):
  known($path) as $value |
  if $value == null then false elif ($value | type) == "boolean" then $value
  else fail("\($path | join(".")): \($value | tojson) is neither true nor false") end;

# train_batch_size = train_micro_batch_size_per_gpu · gradient_accumulation_steps · ranks: what is missing follows.
def batch:
  whole(["train_batch_size"]) as $batch | whole(["train_micro_batch_size_per_gpu"]) as $micro |
  whole(["gradient_accumulation_steps"]) as $steps |
  if $batch == null and $micro == null then empty
  else
    (if $steps != null then $steps elif $batch != null and $micro != null then $batch / ($micro * $ranks) else 1 end) as $accumulated |
    (if $micro != null then $micro else $batch / ($accumulated * $ranks) end) as $size |
    ($size * $accumulated * $ranks) as $all |
    if ($accumulated | floor) != $accumulated or ($size | floor) != $size or $size < 1 or $accumulated < 1 or ($batch != null and $batch != $all) then
      fail("train_batch_size \($batch // "-") is not train_micro_batch_size_per_gpu \($micro // "-") · gradient_accumulation_steps \($steps // "-") · \($ranks) ranks: change one of them, or NP")
    else "--batch \($all)", "--micro-batches \($accumulated * $ranks)" end
  end;

def device($path):
  known($path) as $value |
  if $value == null or $value == "none" then false elif $value == "cpu" then true
  else fail("\($path | join(".")): \($value | tojson): the kit moves it to the host's memory (\"cpu\"), or not at all") end;

def zero:
  known(["zero_optimization", "stage"]) as $stage |
  if $stage == null then empty
  elif ([0, 1, 2, 3] | index($stage)) != null then "--zero \($stage)"
  else fail("zero_optimization.stage: \($stage | tojson) must be 0, 1, 2 or 3") end;
def offload:
  device(["zero_optimization", "offload_param", "device"]) as $parameters |
  (known(["zero_optimization", "stage"]) == 3) as $shared |
  if $parameters and $shared then "--offload parameters"
  elif device(["zero_optimization", "offload_optimizer", "device"]) then "--offload optimizer" else empty end,
  if $parameters and ($shared | not) then
    "ignored zero_optimization.offload_param.device: parameters stay on the device, but with stage 3"
  else empty end;

def precision:
  if flag(["fp16", "enabled"]) and flag(["bf16", "enabled"]) then fail("fp16 and bf16 are both enabled: choose one")
  elif flag(["bf16", "enabled"]) then "--precision bfloat16"
  elif flag(["fp16", "enabled"]) then
    "--precision float16",
    (number(["fp16", "initial_scale_power"]) | if . == null then empty else "--loss-scale \(pow(2; .))" end),
    (whole(["fp16", "loss_scale_window"]) | if . == null then empty else "--scale-window \(.)" end)
  else empty end;
def clip: number(["gradient_clipping"]) | if . == null or . == 0 then empty else "--clip \(.)" end;

def optimizer:
  known(["optimizer", "type"]) as $type |
  if $type == null then empty
  elif ($type | ascii_downcase) == "adamw" then "--optimizer adamw"
  elif ($type | ascii_downcase) == "sgd" then
    "--optimizer sgd", (number(["optimizer", "params", "momentum"]) | if . == null then empty else "--momentum \(.)" end)
  else fail("optimizer.type: \($type | tojson): the kit has AdamW and SGD") end,
  (number(["optimizer", "params", "lr"]) | if . == null then empty else "--learning-rate \(.)" end);

def read: [
  ["train_batch_size"], ["train_micro_batch_size_per_gpu"], ["gradient_accumulation_steps"], ["gradient_clipping"],
  ["zero_optimization", "stage"], ["zero_optimization", "offload_param", "device"],
  ["zero_optimization", "offload_optimizer", "device"], ["bf16", "enabled"], ["fp16", "enabled"],
  ["fp16", "initial_scale_power"], ["fp16", "loss_scale_window"], ["optimizer", "type"], ["optimizer", "params", "lr"],
  ["optimizer", "params", "momentum"]];
def is_read($path): any(read[]; . == $path);
# A list counts as one value.
def keys_of: [paths(type != "object") | select(all(.[]; type == "string"))] | unique;

if type != "object" then fail("a configuration is a JSON object: { … }") else
  batch, zero, offload, precision, clip, optimizer,
  (. as $all | keys_of[] | . as $path |
    if ($all | getpath($path)) == "auto" and is_read($path) then "ignored \($path | join(".")): \"auto\""
    elif is_read($path) then empty else "ignored \($path | join("."))" end)
end
