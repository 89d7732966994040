-- GET with an Accept field, and the outcome in JSON. Arguments: ACCEPT [TARGET COUNT]; with the latter, each request
-- has another number below COUNT in its target.
function init(args)
  wrk.headers["Accept"] = args[1]
  if args[2] then
    local target, count = args[2], tonumber(args[3])
    math.randomseed(os.time())
    request = function() return wrk.format("GET", string.format(target, math.random(0, count - 1))) end
  end
end

function done(summary)
  local errors = summary.errors
  print(string.format('{"requests":%d,"seconds":%.6f,"errors":%d}', summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
