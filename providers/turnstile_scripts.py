"""The turnstile's scripts for Redis: one step each; `LocalTurnstile` says the same in Python."""

# Times are microseconds of Redis's own clock, unless the caller gives one: those of the workers may differ.
# Keys: the circuit's hash; who was let through in the last minute, "ticket:tokens" by time; their tokens.
CLOCK = """
local function clock(given)
    if given ~= '' then
        return tonumber(given)
    end
    local time = redis.call('TIME')
    return time[1] * 1000000 + time[2]
end
local now = clock(ARGV[1])
local function whole(value)
    return string.format('%.0f', value)
end
"""
# Answers {'in', generation, is it a probe, is the provider watched}, or {why not, microseconds to wait}.
ENTER = (
    CLOCK
    + """
local ticket, lease, longest = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local most, most_tokens, tokens = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local length = tonumber(ARGV[8])
local found = redis.call('HMGET', KEYS[1], 'open_until', 'probe_until', 'shut_until', 'generation', 'last')
local open_until, probe_until = tonumber(found[1] or 0), tonumber(found[2] or 0)
local shut_until = tonumber(found[3] or 0)

-- A time beyond every bound is from before the clock was set back.
local function left(till, bound)
    return till > now and till <= now + bound and till - now or 0
end
if open_until > 0 then
    local wait = math.max(left(open_until, longest), left(probe_until, lease + longest))
    if wait > 0 then
        return {'open', wait}
    end
end
if left(shut_until, longest) > 0 then
    return {'shut', shut_until - now}
end

if most >= 0 or most_tokens >= 0 then
    local newest = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')[2]
    if newest and tonumber(newest) > now + 1000000 then
        redis.call('DEL', KEYS[2], KEYS[3])
    end
    local gone, freed = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', whole(now - length)), 0
    for _, call in ipairs(gone) do
        freed = freed + tonumber(string.match(call, ':(%d+)$'))
    end
    if #gone > 0 then
        redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', whole(now - length))
        redis.call('DECRBY', KEYS[3], whole(freed))
    end
    local count, used = redis.call('ZCARD', KEYS[2]), tonumber(redis.call('GET', KEYS[3]) or 0)
    if most_tokens >= 0 and tokens > most_tokens then
        return {'never', 0}
    end
    local why, wait = '', 0
    if most >= 0 and count >= most then
        local leaves = redis.call('ZRANGE', KEYS[2], count - most, count - most, 'WITHSCORES')[2]
        why, wait = 'requests', leaves + length - now
    end
    if most_tokens >= 0 and used + tokens > most_tokens then
        local calls = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
        local over, at = used + tokens - most_tokens, 0
        for i = 1, #calls, 2 do
            over, at = over - tonumber(string.match(calls[i], ':(%d+)$')), tonumber(calls[i + 1])
            if over <= 0 then
                break
            end
        end
        if why == '' or at + length - now >= wait then
            why, wait = 'tokens', at + length - now
        end
    end
    if why ~= '' then
        return {why, wait}
    end
    redis.call('ZADD', KEYS[2], whole(now), ticket .. ':' .. whole(tokens))
    redis.call('INCRBY', KEYS[3], whole(tokens))
    redis.call('PEXPIRE', KEYS[2], whole(length / 1000))
    redis.call('PEXPIRE', KEYS[3], whole(length / 1000))
end
if open_until > 0 then
    redis.call('HSET', KEYS[1], 'probe', ticket, 'probe_until', whole(now + lease))
end
return {'in', tonumber(found[4] or 0), open_until > 0 and 1 or 0, found[5] and 1 or 0}
"""
)
# Answers what the outcome did to the circuit: '', 'opened' or 'closed'; and for how long it is open.
TELL = (
    CLOCK
    + """
local ticket, generation, is_probe, outcome = ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1', ARGV[5]
local shut, counted = tonumber(ARGV[6]), ARGV[7]
local most_ill, most_last, within = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local cooling, longest, kept = tonumber(ARGV[11]), tonumber(ARGV[12]), ARGV[13]
local found = redis.call(
    'HMGET', KEYS[1], 'open_until', 'probe', 'openings', 'closed_at', 'last', 'generation', 'shut_until'
)
local is_open, probe = found[1], found[2]
local openings, closed_at = tonumber(found[3] or 0), tonumber(found[4] or 0)

if outcome == 'unused' and counted ~= '' and redis.call('ZREM', KEYS[2], ticket .. ':' .. counted) == 1 then
    redis.call('DECRBY', KEYS[3], counted)
end
if shut > 0 and now + math.min(shut, longest) > tonumber(found[7] or 0) then
    redis.call('HSET', KEYS[1], 'shut_until', whole(now + math.min(shut, longest)))
    redis.call('EXPIRE', KEYS[1], kept)
end
local function turn()
    redis.call('HDEL', KEYS[1], 'probe', 'probe_until', 'last')
    redis.call('HINCRBY', KEYS[1], 'generation', 1)
    redis.call('EXPIRE', KEYS[1], kept)
end
local function open()
    if closed_at > 0 and now - closed_at >= longest then
        openings = 0
    end
    openings = openings + 1
    local wait = math.min(longest, cooling * 2 ^ math.min(openings - 1, 30))
    redis.call('HSET', KEYS[1], 'open_until', whole(now + wait), 'openings', openings)
    redis.call('HDEL', KEYS[1], 'closed_at')
    turn()
    return {'opened', wait}
end
if is_probe then
    if probe ~= ticket then
        return {'', 0}
    end
    if outcome == 'ill' then
        return open()
    end
    redis.call('HDEL', KEYS[1], 'probe', 'probe_until')
    if outcome == 'unused' then
        return {'', 0}
    end
    redis.call('HDEL', KEYS[1], 'open_until')
    redis.call('HSET', KEYS[1], 'closed_at', whole(now))
    turn()
    return {'closed', 0}
end
if generation ~= tonumber(found[6] or 0) or is_open or outcome == 'unused' then
    return {'', 0}
end
local last, ills, kept_last = {outcome .. '@' .. whole(now)}, outcome == 'ill' and 1 or 0, 1
for what, at in string.gmatch(found[5] or '', '(%a+)@(%d+)') do
    if kept_last < most_last and now - tonumber(at) < within then
        kept_last = kept_last + 1
        last[kept_last] = what .. '@' .. at
        ills = ills + (what == 'ill' and 1 or 0)
    end
end
if ills >= most_ill then
    return open()
end
if ills == 0 then
    redis.call('HDEL', KEYS[1], 'last')
    return {'', 0}
end
redis.call('HSET', KEYS[1], 'last', table.concat(last, ' '))
redis.call('EXPIRE', KEYS[1], kept)
return {'', 0}
"""
)
CORRECT = """
local at = redis.call('ZSCORE', KEYS[2], ARGV[1] .. ':' .. ARGV[2])
if at and redis.call('ZADD', KEYS[2], 'NX', at, ARGV[1] .. ':' .. ARGV[3]) == 1 then
    redis.call('ZREM', KEYS[2], ARGV[1] .. ':' .. ARGV[2])
    redis.call('INCRBY', KEYS[3], ARGV[3] - ARGV[2])
end
return 0
"""
LOOK = (
    CLOCK
    + """
local names = {'open_until', 'probe_until', 'shut_until', 'openings', 'last'}
return {whole(now), redis.call('HMGET', KEYS[1], unpack(names))}
"""
)
