"""What runs inside the store, atomically: claim, write, trim, look. Commands of Redis 6.2 only.

A partition is a stream with ids ``<generation>-<offset>`` and a meta hash:

``epoch``       the log's life that the entries belong to
``generation``  the newest claim's; a write has to name it
``segments``    ``generation:first`` of each claim whose entries may still be there, oldest first; ``first`` is
                where it went on, so the segment of an offset is the last one whose ``first`` is not above it
``low high``    offset of the first entry, next offset to be written, as of the last write
``holes``       how often a write did not follow the one before
``name``        whose keys these are, unabridged

An entry has the fields ``s`` (its offset minus the offset from which on it is the first record), ``t`` (time in
microseconds), ``k`` (key) and, unless the value is null, ``v``; always in this order.

Reading is not a script: turning thousands of entries into tables of Lua and back holds up the store several times as
long as XRANGE alone does. See ``reading``.

Numbers of Lua are doubles, so offsets and generations stay decimal text here and are compared as such. All that has
to be calculated with them is calculated by the caller.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha1

MAX_SEGMENTS = 64
"""Claims whose entries are kept; with one more, the entries of the oldest go."""

_COMMON = """
local stream, meta = KEYS[1], KEYS[2]
local function less(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end
local newest = redis.call('HGET', meta, 'generation')
local function range(high)
  local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  local low = first and string.match(first[1], '%d+$') or high
  local rest = redis.call('HMGET', meta, 'epoch', 'generation', 'holes')
  return {rest[1], rest[2], low, high, rest[3]}
end
"""


@dataclass(frozen=True, slots=True)
class Script:
    """A script and the digest that the store knows it by."""

    text: str
    digest: str


def _script(body: str) -> Script:
    text = _COMMON + body
    return Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest())


CLAIM = _script(f"""
local generation, epoch, name, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local known = redis.call('HMGET', meta, 'generation', 'epoch', 'high', 'segments', 'name')
if known[5] and known[5] ~= name then return {{'taken'}} end
if known[1] and not less(known[1], generation) then return {{'older', known[1]}} end
if known[2] ~= epoch then
  redis.call('UNLINK', stream, meta)
  redis.call('HSET', meta, 'name', name, 'epoch', epoch, 'generation', generation, 'holes', 0,
    'segments', generation .. ':0')
else
  local high = known[3] or '0'
  local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  local kept = {{}}
  if first then
    local oldest = string.match(first[1], '^%d+')
    for known_generation, from in string.gmatch(known[4], '(%d+):(%d+)') do
      if not less(known_generation, oldest) and from ~= high then
        kept[#kept + 1] = known_generation .. ':' .. from
      end
    end
  end
  kept[#kept + 1] = generation .. ':' .. high
  if #kept > {MAX_SEGMENTS} then
    table.remove(kept, 1)
    redis.call('XTRIM', stream, 'MINID', string.match(kept[1], '^%d+') .. '-0')
  end
  redis.call('HSET', meta, 'generation', generation, 'segments', table.concat(kept, ' '))
end
redis.call('PEXPIRE', stream, ttl)
redis.call('PEXPIRE', meta, ttl)
return {{'claimed'}}
""")
"""generation epoch name ttl_ms -> claimed | older <generation> | taken"""

WRITE = _script("""
local generation, start, following, max_records, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if newest ~= generation then return {newest} end
local high = redis.call('HGET', meta, 'high')
if high and less(high, start) then redis.call('HINCRBY', meta, 'holes', 1) end
for i = 6, #ARGV, 6 do
  local offset = ARGV[i]
  if not high or not less(offset, high) then
    local id = generation .. '-' .. offset
    if ARGV[i + 4] == '1' then
      redis.call('XADD', stream, id, 's', ARGV[i + 1], 't', ARGV[i + 2], 'k', ARGV[i + 3], 'v', ARGV[i + 5])
    else
      redis.call('XADD', stream, id, 's', ARGV[i + 1], 't', ARGV[i + 2], 'k', ARGV[i + 3])
    end
  end
end
if not high or less(high, following) then high = following end
redis.call('XTRIM', stream, 'MAXLEN', '~', max_records)
local held = range(high)
redis.call('HSET', meta, 'low', held[3], 'high', high)
redis.call('PEXPIRE', stream, ttl)
redis.call('PEXPIRE', meta, ttl)
return held
""")
"""generation start end max_records ttl_ms (offset s t k has_value v)... -> held, or only the newest generation

if that is not the given one.
"""

TRIM = _script("""
local generation, oldest, ttl = ARGV[1], ARGV[2], ARGV[3]
if newest ~= generation then return {newest} end
local more = 0
for round = 1, 20 do
  local page = redis.call('XRANGE', stream, '-', '+', 'COUNT', 100)
  local old = 0
  while old < #page and less(page[old + 1][2][4] or '', oldest) do old = old + 1 end
  if old == 0 then break end
  redis.call('XTRIM', stream, 'MAXLEN', '=', redis.call('XLEN', stream) - old)
  if old < 100 then break end
  if round == 20 then more = 1 end
end
local held = range(redis.call('HGET', meta, 'high') or '0')
redis.call('HSET', meta, 'low', held[3])
redis.call('PEXPIRE', meta, ttl)
held[6] = more
return held
""")
"""generation oldest_us ttl_ms -> held and whether there is more to do, or as above"""

META = _script("""
local high = redis.call('HGET', meta, 'high')
if not high then return {} end
return range(high)
""")
"""-> held, or nothing"""
